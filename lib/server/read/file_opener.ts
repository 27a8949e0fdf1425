/**
 * The only way to the content of listed files: opens them, and proves that they match the list.
 *
 * @module
 */
import { fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers";
import { codeOf, WireError } from "../../errors.ts";
import { isOnLocalDiskAsync } from "../../fs/disk_kind.ts";
import {
  type FileIdentity,
  identityKey,
  identityOf,
  identityOfInfo,
  isSameIdentity,
} from "../../fs/file_identity.ts";
import { lookUp } from "../../fs/lookups.ts";
import { isOutOfDescriptors } from "../../fs/out_of_descriptors.ts";
import { FolderSwappedError, RealFolders, type Way } from "../../fs/real_folders.ts";
import { nameOf, parentOf } from "../../fs/wire_path.ts";
import { DiskLane, DiskStalledError } from "./disk_gate.ts";
import { OPEN_FLAGS } from "./open_flags.ts";
import { type FileLease, type OpenedFile, OpenFiles } from "./open_files.ts";
import {
  diskPath,
  isInside,
  type RealFile,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "../shared_file.ts";

/** How often a file is looked for while folders on the way are being swapped. */
const MAX_TRIES = 4;
/** How long to wait before the second try, in milliseconds; it doubles with each. */
const RETRY_MS = 5;

/** A file found on the way to it, which has to be proven yet. */
interface FoundFile {
  /** Its path on disk without links. */
  readonly real: string;
  /** Its name in its folder. */
  readonly name: string;
  readonly info: Deno.FileInfo;
  readonly identity: FileIdentity;
  readonly way: Way;
  readonly realFolders: RealFolders;
}

/** Opens files of one folder. */
export class FileOpener implements AsyncDisposable {
  readonly folder: SharedFolder;
  readonly #look: (pathOnDisk: string) => void;
  readonly #openFiles = new OpenFiles();
  /** Whether a file system is on a disk of this machine, by its number. */
  readonly #localDisks = new Map<number, Promise<boolean>>();
  /** The calls to each disk, by the number of its file system. */
  readonly #disks = new Map<number, DiskLane>();
  /** The pending checks, by open file. */
  readonly #proofs = new Map<FileHandle, Promise<void>>();

  /** @param look Takes paths whose files differ from the list. */
  constructor(folder: SharedFolder, look: (pathOnDisk: string) => void) {
    this.folder = folder;
    this.#look = look;
  }

  /**
   * Opens a file, or reuses an open one. When opened, the file is checked to have the listed version
   * and proven to be inside the folder; `proveUnchanged` checks the version later.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    try {
      const key = `${file.path}\0${identityKey(file)}`;
      return await this.#openFiles.lease(key, () => this.#openInTime(file));
    } catch (error) {
      throw this.#noted(file, error);
    }
  }

  /**
   * Resolves when an open file has shown, after this call, that it still has the listed version; its
   * present identity is then in the lease. Calls in one turn of the event loop share the check.
   *
   * @throws {WireError} `changed` if it has another version.
   */
  proveUnchanged(file: SharedFile, lease: FileLease): Promise<void> {
    const { handle } = lease;
    const proof = this.#proofs.get(handle) ?? this.#prove(file, lease);
    this.#proofs.set(handle, proof);
    return proof;
  }

  async #prove(file: SharedFile, lease: FileLease): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#proofs.delete(lease.handle);
    const at = performance.now();
    // A disk of this machine has the metadata of open files at hand.
    const found = lease.isLocal
      ? fstatSync(lease.handle.fd)
      : await lease.disk.run(() => lease.handle.stat());
    const identity = identityOf(found);
    if (identity.version !== file.version) {
      lease.discard();
      throw this.#noted(file, changed());
    }
    lease.proof.at = at;
    if (!isSameIdentity(identity, lease.proof.identity)) lease.proof.identity = identity;
  }

  /**
   * The real path of a file, proven to be inside the folder, and its present identity, for callers
   * that open the file and check that.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async realFile(file: SharedFile): Promise<RealFile> {
    try {
      return await this.#diskOf(file).run(() =>
        this.#persist(async () => {
          const found = await this.#find(file);
          await this.#proveInside(found);
          return { path: found.real, identity: found.identity };
        })
      );
    } catch (error) {
      throw this.#noted(file, error);
    }
  }

  /** Closes all files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#openFiles[Symbol.asyncDispose]();
  }

  /** The error to throw; a file that differs from its entry is rescanned. */
  #noted({ path }: SharedFile, error: unknown): unknown {
    const isOutdated = error instanceof WireError && OUTDATED.has(error.code);
    if (isOutdated) this.#look(diskPath(this.folder.root, path));
    return error;
  }

  /** Finds a file that is as it is listed, until that is proven. */
  async #find(file: SharedFile): Promise<FoundFile> {
    const real = await this.#pathInside(file);
    const path = wirePathOf(this.folder.root, real)!;
    const realFolders = new RealFolders(this.folder.root);
    try {
      const way = await lookUp(realFolders.enter(parentOf(path)));
      const info = await Deno.lstat(real);
      if (!way) throw changed();
      const identity = this.#assertVersion(file, identityOfInfo(info));
      return { real, name: nameOf(path), info, identity, way, realFolders };
    } catch (error) {
      throw whyUnreadable(error);
    }
  }

  /**
   * The identity, if it has the listed version. Another identity means that something touched the
   * file: the list takes it on later.
   */
  #assertVersion(file: SharedFile, identity: FileIdentity): FileIdentity {
    if (identity.version !== file.version) throw changed();
    if (!isSameIdentity(identity, file)) this.#look(diskPath(this.folder.root, file.path));
    return identity;
  }

  /** Proves that a file is inside the folder. */
  async #proveInside({ name, info, way, realFolders }: FoundFile): Promise<void> {
    const proven = await lookUp(realFolders.prove(way, new Map([[name, info]])));
    if (!proven.has(name)) throw changed();
  }

  /** Tries something again while folders on the way are being swapped. */
  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof FolderSwappedError)) throw error;
        if (tries === MAX_TRIES) {
          throw new WireError("read-failed", "The file's folder is being replaced", {
            cause: error,
          });
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** tries));
      }
    }
  }

  /** The path without links at which a file is to be found, if it is inside the folder. */
  async #pathInside({ path, linkTo }: SharedFile): Promise<string> {
    const onDisk = diskPath(this.folder.root, path);
    if (linkTo === null) return onDisk;
    let real: string;
    try {
      real = await Deno.realPath(onDisk);
    } catch (error) {
      throw whyUnreadable(error);
    }
    if (!isInside(this.folder, real)) throw changed();
    return real;
  }

  async #openInTime(file: SharedFile): Promise<OpenedFile> {
    try {
      return await this.#diskOf(file).run(() => this.#persist(() => this.#open(file)));
    } catch (error) {
      if (error instanceof DiskStalledError) {
        (error as DiskStalledError<OpenedFile>).late.then(({ handle }) => handle.close(), () => {});
      }
      throw error;
    }
  }

  #diskOf({ device }: FileIdentity): DiskLane {
    const disk = this.#disks.get(device) ?? new DiskLane();
    this.#disks.set(device, disk);
    return disk;
  }

  async #open(file: SharedFile): Promise<OpenedFile> {
    // Looks before it opens: Deno 2.4 has the flags of macOS everywhere, and ours do nothing there.
    const found = await this.#find(file);
    let handle: FileHandle;
    try {
      handle = await open(found.real, OPEN_FLAGS);
    } catch (error) {
      throw whyUnreadable(error);
    }
    try {
      const stats = await handle.stat();
      const isFound = stats.dev === found.info.dev && stats.ino === (found.info.ino ?? stats.ino);
      if (!isFound) throw changed();
      const identity = this.#assertVersion(file, identityOf(stats));
      await this.#proveInside(found);
      const isLocal = await this.#isLocal(identity, found.real);
      return { handle, identity, isLocal, disk: this.#diskOf(identity) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #isLocal({ device }: FileIdentity, path: string): Promise<boolean> {
    const known = this.#localDisks.get(device) ?? isOnLocalDiskAsync(path);
    this.#localDisks.set(device, known);
    return known;
  }
}

/** The codes of a file that is not as it is listed. */
const OUTDATED: ReadonlySet<string> = new Set(["changed", "not-found"]);

/** The error for the client when the system does not open a file. */
function whyUnreadable(error: unknown): WireError {
  if (error instanceof WireError) return error;
  // This passes, and says nothing about the file.
  if (isOutOfDescriptors(error)) {
    return new WireError("busy", "The server has too many files open", { cause: error });
  }
  const code = codeOf(error);
  // ELOOP: there is a link in the file's place. EACCES and EPERM: it is about to leave the list.
  const isGone = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.PermissionDenied ||
    ["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EPERM"].includes(code!);
  return isGone
    ? new WireError("not-found", "There is no such file")
    : new WireError("read-failed", "The file cannot be opened", { cause: error });
}

function changed(): WireError {
  return new WireError("changed", "The file has changed");
}
