/**
 * The only way to the content of listed files: opens them, and proves that they match the list.
 *
 * @module
 */
import { fstatSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers";
import { WireError } from "../../errors.ts";
import { isOnLocalDiskAsync } from "../../fs/disk_kind.ts";
import { identityOf, identityOfInfo, isSameIdentity } from "../../fs/file_identity.ts";
import { lookUp } from "../../fs/lookups.ts";
import {
  FolderSwappedError,
  nameOf,
  parentOf,
  RealFolders,
  type Way,
} from "../../fs/real_folders.ts";
import { DiskLane, DiskStalledError } from "./disk_gate.ts";
import { OPEN_FLAGS } from "./open_flags.ts";
import { type FileLease, type OpenedFile, OpenFiles } from "./open_files.ts";
import {
  diskPath,
  isInside,
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
  readonly info: Deno.FileInfo;
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
   * Opens a file, or reuses an open one. When opened, the file is checked to have the listed content
   * and proven to be inside the folder; `proveUnchanged` checks the content later.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    try {
      const key = `${file.path}\0${file.version}`;
      return await this.#openFiles.lease(key, () => this.#openInTime(file));
    } catch (error) {
      throw this.#noted(file, error);
    }
  }

  /**
   * Resolves when an open file has shown, after this call, that it still has the listed content.
   * Calls in one turn of the event loop share the check.
   *
   * @throws {WireError} `changed` if not.
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
    if (lease.isLocal) this.assertUnchanged(file, lease);
    else {
      const found = await lease.disk.run(() => lease.handle.stat());
      this.#assertListed(file, lease, found);
    }
    lease.proof.at = at;
  }

  /**
   * Makes sure at once that an open file on a disk of this machine, which has the metadata of open
   * files at hand, still has the listed content.
   *
   * @throws {WireError} `changed` if not.
   */
  assertUnchanged(file: SharedFile, lease: FileLease): void {
    this.#assertListed(file, lease, fstatSync(lease.handle.fd));
  }

  #assertListed(file: SharedFile, lease: FileLease, found: Stats): void {
    if (isSameIdentity(identityOf(found), file)) return;
    lease.discard();
    throw this.#noted(file, changed());
  }

  /**
   * The real path of a file, proven to be inside the folder, for callers that open the file and check
   * its version.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   */
  async realPath(file: SharedFile): Promise<string> {
    try {
      return await this.#diskOf(file).run(() =>
        this.#persist(async () => {
          const found = await this.#find(file);
          await this.#proveInside(found);
          return found.real;
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
    const isOutdated = error instanceof WireError && error.code !== "read-failed";
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
      if (!way || !isSameIdentity(identityOfInfo(info), file)) throw changed();
      return { real, info, way, realFolders };
    } catch (error) {
      throw whyUnreadable(error);
    }
  }

  /** Proves that a file is inside the folder. */
  async #proveInside({ real, info, way, realFolders }: FoundFile): Promise<void> {
    const name = nameOf(wirePathOf(this.folder.root, real)!);
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

  #diskOf({ device }: SharedFile): DiskLane {
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
      if (!isFound || !isSameIdentity(identityOf(stats), file)) throw changed();
      await this.#proveInside(found);
      return { handle, isLocal: await this.#isLocal(file, found.real), disk: this.#diskOf(file) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  #isLocal({ device }: SharedFile, path: string): Promise<boolean> {
    const known = this.#localDisks.get(device) ?? isOnLocalDiskAsync(path);
    this.#localDisks.set(device, known);
    return known;
  }
}

/** The error for the client when the system does not open a file. */
function whyUnreadable(error: unknown): WireError {
  if (error instanceof WireError) return error;
  const { code } = error as NodeJS.ErrnoException;
  // ELOOP: there is a link in the file's place.
  const isGone = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory || ["ENOENT", "ENOTDIR", "ELOOP"].includes(code!);
  return isGone
    ? new WireError("not-found", "There is no such file")
    : new WireError("read-failed", "The file cannot be opened", { cause: error });
}

function changed(): WireError {
  return new WireError("changed", "The file has changed");
}
