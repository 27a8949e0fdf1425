/**
 * The only way to the content of listed files: opens them, and proves that they match the list.
 *
 * @module
 */
import { fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers";
import { WireError } from "../../errors.ts";
import { isOnLocalDiskAsync } from "../../fs/disk_kind.ts";
import {
  type FileIdentity,
  identityKey,
  identityOf,
  identityOfInfo,
  isSameIdentity,
} from "../../fs/file_identity.ts";
import { isOutOfDescriptors } from "../../fs/out_of_descriptors.ts";
import { OPEN_FLAGS } from "./open_flags.ts";
import { type FileLease, type OpenedFile, OpenFiles } from "./open_files.ts";
import {
  diskPath,
  isInside,
  type RealFile,
  type SharedFile,
  type SharedFolder,
} from "../shared_file.ts";

/** Opens files of one folder. */
export class FileOpener implements AsyncDisposable {
  readonly folder: SharedFolder;
  readonly #look: (pathOnDisk: string) => void;
  readonly #openFiles = new OpenFiles();
  /** Whether a file system is on a disk of this machine, by its number. */
  readonly #localDisks = new Map<number, Promise<boolean>>();
  /** The pending checks, by open file. */
  readonly #proofs = new Map<FileHandle, Promise<void>>();

  /** @param look Takes paths whose files differ from the list. */
  constructor(folder: SharedFolder, look: (pathOnDisk: string) => void) {
    this.folder = folder;
    this.#look = look;
  }

  /**
   * Opens a file, or reuses an open one. When opened, the file is checked to have the listed version
   * and to be inside the folder; `proveUnchanged` checks the version later. Not guarded against: a
   * local user who moves the listed file out of the folder and back between two system calls.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    try {
      const key = `${file.path}\0${identityKey(file)}`;
      return await this.#openFiles.lease(key, () => this.#open(file));
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
    const found = lease.isLocal ? fstatSync(lease.handle.fd) : await lease.handle.stat();
    const identity = identityOf(found);
    if (identity.version !== file.version) {
      lease.discard();
      throw this.#noted(file, changed());
    }
    lease.proof.at = at;
    if (!isSameIdentity(identity, lease.proof.identity)) lease.proof.identity = identity;
  }

  /**
   * The real path of a file, checked to be inside the folder, and its present identity, for callers
   * that open the file and check that.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async realFile(file: SharedFile): Promise<RealFile> {
    try {
      return await this.#listedPath(file);
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

  async #listedPath(file: SharedFile): Promise<RealFile> {
    const path = await this.#pathInside(file);
    let info: Deno.FileInfo;
    try {
      info = await Deno.lstat(path);
    } catch (error) {
      throw whyUnreadable(error);
    }
    return { path, identity: this.#assertVersion(file, identityOfInfo(info)) };
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

  /** The real path behind a file's name, if it is inside the folder. */
  async #pathInside(file: SharedFile): Promise<string> {
    let real: string;
    try {
      real = await Deno.realPath(diskPath(this.folder.root, file.path));
    } catch (error) {
      throw whyUnreadable(error);
    }
    if (!isInside(this.folder, real)) throw changed();
    return real;
  }

  async #open(file: SharedFile): Promise<OpenedFile> {
    // Looks before it opens: Deno 2.4 has the flags of macOS everywhere, and ours do nothing there.
    const { path: real } = await this.#listedPath(file);
    let handle: FileHandle;
    try {
      handle = await open(real, OPEN_FLAGS);
    } catch (error) {
      throw whyUnreadable(error);
    }
    try {
      const identity = this.#assertVersion(file, identityOf(await handle.stat()));
      return { handle, identity, isLocal: await this.#isLocal(identity, real) };
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
  // This passes, and says nothing about the file.
  if (isOutOfDescriptors(error)) {
    return new WireError("busy", "The server has too many files open", { cause: error });
  }
  const { code } = error as NodeJS.ErrnoException;
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
