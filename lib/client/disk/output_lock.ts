/**
 * A lock that allows one client at a time in an output folder.
 *
 * The system's lock on an open file counts, not the file's existence: the lock ends with its
 * process, however that ends, so it is never stale. The file's text, the process id, is for people.
 * Not guarded against: file systems without locks, such as some network file systems.
 *
 * @module
 */
import { describeDenial, messageOf, UserError } from "../../errors.ts";
import { settledWithin } from "../../async/timeout.ts";

/** How long to wait for the lock where it cannot be tried without waiting, in milliseconds. */
const TRY_MS = 250;

/** Holds an output folder until disposed. */
export class OutputLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Acquires the lock.
   *
   * @param path The path of the lock's file.
   * @param folder The folder that it locks, for messages.
   * @throws {UserError} With exit code 1 if another process holds it; with 2 if the lock's file
   * cannot be opened.
   */
  static async acquire(path: string, folder: string): Promise<OutputLock> {
    for (;;) {
      const file = openNoLink(path, folder);
      try {
        if (!await tryLock(file)) {
          throw new UserError(
            `Another client${ownerOf(path)} is downloading into "${folder}": stop it, or name ` +
              "another folder with --output",
            1,
          );
        }
        // The previous owner removed this file meanwhile: a lock on it is worth nothing.
        if (isReplaced(file.statSync(), Deno.lstatSync(path))) {
          file.close();
          continue;
        }
        file.truncateSync();
        file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
        return new OutputLock(path, file);
      } catch (error) {
        file.close();
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.#path);
    } catch {
      // Its folder was removed; or Windows, which keeps open files: the next client uses it.
    }
    this.#file.close();
  }
}

function openNoLink(path: string, folder: string): Deno.FsFile {
  try {
    try {
      return Deno.openSync(path, { read: true, write: true, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    const { isFile, isSymlink, nlink } = Deno.lstatSync(path);
    if (!isFile && !isSymlink) throw new Error(`"${path}" is not a file; remove it`);
    if (isSymlink || (nlink ?? 1) > 1) throw new Error(`"${path}" is a link; remove it`);
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    const why = describeDenial(error) ?? messageOf(error);
    throw new UserError(`Cannot lock the output folder "${folder}": ${why}`, 2, { cause: error });
  }
}

/**
 * Whether an open file was replaced at its path. False where the system does not number files.
 *
 * @param open The open file.
 * @param there The file at its path now.
 */
export function isReplaced(
  open: Pick<Deno.FileInfo, "ino">,
  there: Pick<Deno.FileInfo, "ino">,
): boolean {
  return Boolean(open.ino && there.ino) && open.ino !== there.ino;
}

/** A file of a Deno that may lack `tryLock`, which is new in 2.9. */
interface LockableFile {
  lock(exclusive: boolean): Promise<void>;
  tryLock?(exclusive: boolean): Promise<boolean>;
}

async function tryLock(file: LockableFile): Promise<boolean> {
  if (file.tryLock) return await file.tryLock(true);
  // A lock not acquired soon is held by another process.
  const locked = file.lock(true).then(() => true, () => false);
  return await settledWithin(locked, TRY_MS) && await locked;
}

function ownerOf(path: string): string {
  try {
    const pid = Deno.readTextFileSync(path).trim();
    return /^\d+$/.test(pid) ? ` (process ${pid})` : "";
  } catch {
    return "";
  }
}
