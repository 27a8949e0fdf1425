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
import { isOutOfDescriptors } from "../../fs/out_of_descriptors.ts";
import { OPEN_FLAGS } from "./open_flags.ts";
import { type FileLease, type OpenedFile, OpenFiles } from "./open_files.ts";
import { diskPath, isInside, type SharedFile, type SharedFolder } from "../shared_file.ts";

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
   * Opens a file, or reuses an open one. When opened, the file is checked to have the listed content
   * and to be inside the folder; `proveUnchanged` checks the content later. Not guarded against: a
   * local user who moves the listed file out of the folder and back between two system calls.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    try {
      const key = `${file.path}\0${file.version}`;
      return await this.#openFiles.lease(key, () => this.#open(file));
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
    else this.#assertListed(file, lease, await lease.handle.stat());
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
   * The real path of a file, checked to be inside the folder, for callers that open the file
   * and check its version.
   *
   * @throws {WireError} `not-found`, `changed`, `read-failed` or `busy`.
   */
  async realPath(file: SharedFile): Promise<string> {
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

  async #listedPath(file: SharedFile): Promise<string> {
    const real = await this.#pathInside(file);
    try {
      if (isSameIdentity(identityOfInfo(await Deno.lstat(real)), file)) return real;
    } catch (error) {
      throw whyUnreadable(error);
    }
    throw changed();
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
    const real = await this.#listedPath(file);
    let handle: FileHandle;
    try {
      handle = await open(real, OPEN_FLAGS);
    } catch (error) {
      throw whyUnreadable(error);
    }
    try {
      if (!isSameIdentity(identityOf(await handle.stat()), file)) throw changed();
      return { handle, isLocal: await this.#isLocal(file, real) };
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

/** The codes of a file that is not as it is listed. */
const OUTDATED: ReadonlySet<string> = new Set(["changed", "not-found"]);

/** The error for the client when the system does not open a file. */
function whyUnreadable(error: unknown): WireError {
  // This passes, and says nothing about the file.
  if (isOutOfDescriptors(error)) {
    return new WireError("busy", "The server has too many files open", { cause: error });
  }
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
