/**
 * Digests that the server is to be asked for: the most urgent first, over as many connections as
 * it takes.
 *
 * @module
 */
import { ConnectionLostError, WireError } from "../../errors.ts";
import { Fifo } from "../../async/queue.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { perPriority, PRIORITIES, type Priority } from "../priority.ts";
import type { Remote } from "../remote/server_connection.ts";

/** The part of the open requests that may be for digests; the others are kept for chunks. */
const SHARE = 1 / 4;
/** How often a digest is asked again that the server failed to compute, and after how long. */
const RETRIES = 4;
const RETRY_MS = 500;

interface Wish {
  readonly file: ListedFile;
  readonly signal: AbortSignal;
  readonly resolve: (digest: string) => void;
  readonly reject: (error: unknown) => void;
  readonly priority: Priority;
  failures: number;
}

/** Asks the server for digests. */
export class DigestQueue {
  readonly #wishes = perPriority(() => new Fifo<Wish>());
  readonly #hasRoom: () => void;
  #remote: Remote | undefined;
  #open = 0;

  /** @param hasRoom Is called when more may be asked for: `pump` is to follow. */
  constructor(hasRoom: () => void) {
    this.#hasRoom = hasRoom;
  }

  /** Whether something waits to be asked for. */
  get isWaiting(): boolean {
    return PRIORITIES.some((priority) => this.#wishes[priority].size > 0);
  }

  /** Uses a connection from now on, or none. */
  attach(remote: Remote | undefined): void {
    this.#remote = remote;
    this.#open = 0;
  }

  /**
   * A file's SHA-256 as the server says it.
   *
   * @param signal Ends the waiting.
   * @throws {WireError} If the server refuses.
   */
  ask(file: ListedFile, priority: Priority, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#add({ file, priority, signal, resolve, reject, failures: 0 });
    return promise;
  }

  /** Asks for what there is room for. */
  pump(): void {
    const remote = this.#remote;
    if (!remote) return;
    const most = Math.ceil(remote.welcome.maxRequests * SHARE);
    while (this.#open < most && remote.room > 0) {
      const wish = this.#take();
      if (!wish) return;
      this.#askOf(remote, wish);
    }
  }

  #add(wish: Wish): void {
    if (wish.signal.aborted) {
      wish.reject(wish.signal.reason);
      return;
    }
    this.#wishes[wish.priority].push(wish);
    this.#hasRoom();
  }

  #take(): Wish | undefined {
    for (const priority of PRIORITIES) {
      const wishes = this.#wishes[priority];
      for (let wish = wishes.shift(); wish; wish = wishes.shift()) {
        if (!wish.signal.aborted) return wish;
        wish.reject(wish.signal.reason);
      }
    }
    return undefined;
  }

  async #askOf(remote: Remote, wish: Wish): Promise<void> {
    this.#open++;
    try {
      wish.resolve(await remote.digest(wish.file.path, wish.file.version));
    } catch (error) {
      if (error instanceof ConnectionLostError) this.#add(wish);
      else if (isPassing(error) && wish.failures++ < RETRIES) {
        setTimeout(() => this.#add(wish), RETRY_MS * 2 ** (wish.failures - 1));
      } else wish.reject(error);
    } finally {
      if (remote === this.#remote) this.#open--;
      this.#hasRoom();
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof WireError && error.code === "read-failed";
}
