/**
 * Requests for digests: the most urgent first, over as many connections as needed.
 *
 * @module
 */
import { ConnectionLostError, WireError } from "../../errors.ts";
import { Queue } from "../../async/queue.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { perPriority, PRIORITIES, type Priority } from "../priority.ts";
import type { ServerConnection } from "../remote/server_connection.ts";

/** The part of the open requests that may be for digests; the others are reserved for chunks. */
const SHARE = 1 / 4;
/** Retries of a digest that the server failed to compute, and the first delay in milliseconds. */
const RETRIES = 4;
const RETRY_MS = 500;

interface PendingDigest {
  readonly file: ListedFile;
  readonly signal: AbortSignal;
  readonly resolve: (digest: string) => void;
  readonly reject: (error: unknown) => void;
  readonly priority: Priority;
  failures: number;
}

/** Requests digests from the server. */
export class DigestQueue {
  readonly #entries = perPriority(() => new Queue<PendingDigest>());
  readonly #hasRoom: () => void;
  #remote: ServerConnection | undefined;
  #open = 0;

  /** @param hasRoom Called when more may be requested: the caller must then call `pump`. */
  constructor(hasRoom: () => void) {
    this.#hasRoom = hasRoom;
  }

  /** Whether digests are waiting to be requested. */
  get isWaiting(): boolean {
    return PRIORITIES.some((priority) => this.#entries[priority].size > 0);
  }

  /** Attaches a connection, or detaches it. */
  attach(remote: ServerConnection | undefined): void {
    this.#remote = remote;
    this.#open = 0;
  }

  /**
   * Returns the server's SHA-256 of a file.
   *
   * @param signal Aborts the request.
   * @throws {WireError} If the server refuses.
   */
  ask(file: ListedFile, priority: Priority, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#add({ file, priority, signal, resolve, reject, failures: 0 });
    return promise;
  }

  /** Sends as many requests as there is room for. */
  pump(): void {
    const remote = this.#remote;
    if (!remote) return;
    const most = Math.ceil(remote.welcome.maxRequests * SHARE);
    while (this.#open < most && remote.room > 0) {
      const entry = this.#take();
      if (!entry) return;
      this.#askOf(remote, entry);
    }
  }

  #add(entry: PendingDigest): void {
    if (entry.signal.aborted) {
      entry.reject(entry.signal.reason);
      return;
    }
    this.#entries[entry.priority].push(entry);
    this.#hasRoom();
  }

  #take(): PendingDigest | undefined {
    for (const priority of PRIORITIES) {
      const entries = this.#entries[priority];
      for (let entry = entries.shift(); entry; entry = entries.shift()) {
        if (!entry.signal.aborted) return entry;
        entry.reject(entry.signal.reason);
      }
    }
    return undefined;
  }

  async #askOf(remote: ServerConnection, entry: PendingDigest): Promise<void> {
    this.#open++;
    try {
      entry.resolve(await remote.digest(entry.file.path, entry.file.version));
    } catch (error) {
      if (error instanceof ConnectionLostError) this.#add(entry);
      else if (isPassing(error) && entry.failures++ < RETRIES) {
        setTimeout(() => this.#add(entry), RETRY_MS * 2 ** (entry.failures - 1));
      } else entry.reject(error);
    } finally {
      if (remote === this.#remote) this.#open--;
      this.#hasRoom();
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof WireError && error.code === "read-failed";
}
