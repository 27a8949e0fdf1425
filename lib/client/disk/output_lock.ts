/**
 * A lock that allows one client at a time in an output folder.
 *
 * The system's locks on the open folder and on the lock's file count, not the file's existence: they
 * end with the process, however that ends, so they are never stale. The folder's lock also holds if
 * someone removes the file.
 *
 * Where the file system has no locks, the file counts: only one client can create it, it renews the
 * file every few seconds, and a file that has not been renewed for 30 s belongs to nobody. Not
 * guarded against: a file system without locks on one machine and with them on another.
 *
 * The lock is checked while the client runs, so that a client whose lock was taken away ends.
 *
 * @module
 */
import { dirname } from "@std/path";
import { describeDenial, messageOf, UserError } from "../../errors.ts";
import { settledWithin } from "../../async/timeout.ts";
import { sleep } from "../../async/sleep.ts";
import { nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";
import {
  describeOwner,
  isAbandoned,
  openLockFile,
  readOwner,
  renewOwner,
  thisOwner,
  writeOwner,
} from "./lock_file.ts";

/** How long to wait for a lock where it cannot be tried without waiting, in milliseconds. */
const TRY_MS = 250;
/** How long the end of a client waits for a disk that hangs, in milliseconds. */
const END_MS = 1_000;

/** The options of a lock. */
export interface LockOptions {
  /** The real path of the folder. */
  readonly root: string;
  /** The path of the lock's file. */
  readonly path: string;
  /** The folder as the user names it, for messages. */
  readonly folder: string;
  /** Takes the line that says what the user waits for. */
  readonly onWait: (line: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Tries a system lock; throws where there are none. @default {tryLock} */
  readonly tryLock?: (file: Deno.FsFile) => Promise<boolean>;
  /** How often the lock is checked and renewed, in milliseconds. @default {5_000} */
  readonly beatMs?: number;
  /** After how long without renewal a file belongs to nobody, in milliseconds. @default {30_000} */
  readonly staleMs?: number;
}

/** Holds an output folder until disposed. */
export class OutputLock implements AsyncDisposable {
  readonly #options: Required<LockOptions>;
  readonly #owner = thisOwner();
  readonly #lost = new AbortController();
  readonly #end = new AbortController();
  /** The locked folder; null if the system locks no folders, undefined if it was not tried yet. */
  #folder: Deno.FsFile | null | undefined;
  #file: Deno.FsFile | null = null;
  #hasSystemLock = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: LockOptions) {
    this.#options = { tryLock, beatMs: 5_000, staleMs: 30_000, ...options };
  }

  /**
   * Acquires the lock.
   *
   * @returns Null if the signal ended it.
   * @throws {UserError} With exit code 1 if another process holds it; with 2 if the lock's file
   * cannot be opened.
   */
  static async acquire(options: LockOptions): Promise<OutputLock | null> {
    const lock = new OutputLock(options);
    try {
      await lock.#claim(() => lock.#awaitOwner());
    } catch (error) {
      lock.#close();
      if (options.signal.aborted) return null;
      throw error;
    }
    lock.#watching = lock.#watch();
    return lock;
  }

  /** Is aborted, with a {@linkcode UserError} as its reason, when another client has the folder. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What the user should know about this lock; null if nothing. */
  get warning(): string | null {
    if (this.#hasSystemLock) return null;
    const { folder, staleMs } = this.#options;
    return `the file system of "${folder}" has no locks: a file keeps other clients out, ` +
      `for ${staleMs / 1000} s also if this one is killed`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    const ending = this.#watching.then(async () => {
      // Windows keeps open files: the next client uses it.
      if (await isAt(this.#options.path, this.#file)) await Deno.remove(this.#options.path);
    });
    await settledWithin(ending, END_MS);
    this.#close();
  }

  /**
   * Acquires those locks that this client does not have.
   *
   * @param onOwner Called where only the file counts, and it exists: returns when its owner is gone.
   */
  async #claim(onOwner: () => Promise<void>): Promise<void> {
    const { root, path } = this.#options;
    if (this.#folder !== null && !await isAt(root, this.#folder)) {
      this.#folder?.close();
      this.#folder = undefined;
      this.#folder = await this.#lockFolder();
    }
    if (await isAt(path, this.#file)) return;
    do {
      this.#file?.close();
      this.#file = null;
      await this.#lockFile(onOwner);
    } while (!await isAt(path, this.#file));
  }

  /** Locks the open folder; null if this system does not. */
  async #lockFolder(): Promise<Deno.FsFile | null> {
    let folder: Deno.FsFile;
    try {
      folder = Deno.openSync(this.#options.root, { read: true });
    } catch {
      // Windows opens no folders.
      return null;
    }
    const isLocked = await this.#options.tryLock(folder).catch(() => null);
    if (isLocked) return folder;
    folder.close();
    if (isLocked === false) throw this.#heldElsewhere();
    return null;
  }

  /** Opens the file, and makes this client its owner if it can. */
  async #lockFile(onOwner: () => Promise<void>): Promise<void> {
    const { file, isNew } = this.#open();
    this.#file = file;
    const isLocked = await this.#options.tryLock(file).catch(() => null);
    if (isLocked === false) throw this.#heldElsewhere();
    this.#hasSystemLock = Boolean(isLocked || this.#folder);
    if (!this.#hasSystemLock && !isNew) return await onOwner();
    writeOwner(file, this.#owner);
    // Clients that found the same abandoned file may have removed this one for it.
    if (!this.#hasSystemLock) await sleep(TRY_MS, this.#options.signal);
  }

  #open(): ReturnType<typeof openLockFile> {
    const { path, folder } = this.#options;
    try {
      return openLockFile(path);
    } catch (error) {
      const why = describeDenial(error) ?? messageOf(error);
      throw new UserError(`Cannot lock the output folder "${folder}": ${why}`, 2, { cause: error });
    }
  }

  /** Waits until the file's owner is gone, and removes the file. */
  async #awaitOwner(): Promise<void> {
    const { path, folder, staleMs, beatMs, signal, onWait } = this.#options;
    const seconds = Math.round(staleMs / 1000);
    const owner = this.#ownerClause();
    onWait(`waiting up to ${seconds} s: another client${owner} may be using "${folder}"`);
    const silence = { maxMs: staleMs, pollMs: beatMs / 5 };
    if (!await isAbandoned(path, silence, signal)) throw this.#heldElsewhere();
    removeIfExists(path);
  }

  #heldElsewhere(): UserError {
    return new UserError(
      `Another client${this.#ownerClause()} is downloading into "${this.#options.folder}": stop ` +
        "it, or name another folder with --output",
      1,
    );
  }

  #ownerClause(): string {
    return describeOwner(readOwner(this.#options.path), this.#owner);
  }

  /** Renews the lock, and acquires anew what someone has removed, until the end. */
  async #watch(): Promise<void> {
    const { path, beatMs } = this.#options;
    for (;;) {
      await sleep(beatMs, this.#end.signal);
      if (this.#end.signal.aborted) return;
      try {
        // A folder that was removed is created with the next file.
        if (!await nullIfNotFound(Deno.lstat(dirname(path)))) continue;
        await this.#claim(() => Promise.reject(this.#heldElsewhere()));
        if (!this.#hasSystemLock) await renewOwner(this.#file!, this.#owner);
      } catch (error) {
        // A disk that fails now may work later; another client stays.
        if (!(error instanceof UserError && error.exitCode === 1)) continue;
        this.#lost.abort(error);
        return;
      }
    }
  }

  #close(): void {
    this.#file?.close();
    this.#folder?.close();
    this.#file = this.#folder = null;
  }
}

/** Whether an open file or folder is the one at its path. */
async function isAt(path: string, open: Deno.FsFile | null | undefined): Promise<boolean> {
  const there = open && await nullIfNotFound(Deno.lstat(path));
  return Boolean(there) && !isReplaced(await open!.stat(), there!);
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

/**
 * Tries the system's lock on an open file.
 *
 * @returns Whether it is acquired; else another process holds it.
 * @throws {Error} If the file system has no locks.
 */
async function tryLock(file: LockableFile): Promise<boolean> {
  if (file.tryLock) return await file.tryLock(true);
  // A lock not acquired soon is held by another process.
  const locking = file.lock(true);
  if (!await settledWithin(locking, TRY_MS)) return false;
  await locking;
  return true;
}
