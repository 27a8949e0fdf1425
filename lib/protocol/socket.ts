/**
 * A `Deno.Conn` with streams, batched small writes, and the time without progress.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Writes of up to this size, in bytes, are copied, which is cheaper than a system call each. */
const MAX_COPIED = 8 * 1024;
/** How many bytes may wait to be written together. */
const STAGE_SIZE = 32 * 1024;

/** A socket. Owns its `Deno.Conn`. */
export class Socket {
  /** Bytes received and sent so far. */
  readonly traffic = { received: 0, sent: 0 };

  readonly #conn: Deno.Conn;
  #closed = false;
  /** When the pending read, or write, began to wait; undefined if none is pending. */
  #readingSince: number | undefined;
  #writingSince: number | undefined;
  /** Small writes that wait for the pending one, and how many bytes they are. */
  #stage: Uint8Array | undefined;
  #spare: Uint8Array | undefined;
  #staged = 0;
  #flushing: Promise<void> | undefined;
  #broken: Error | undefined;
  #failWrite: ((error: Error) => void) | undefined;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether a read is pending. */
  get isReading(): boolean {
    return this.#readingSince !== undefined;
  }

  /** How long the pending read has waited, in milliseconds; 0 if none is pending. */
  get silenceMs(): number {
    return this.#readingSince === undefined ? 0 : performance.now() - this.#readingSince;
  }

  /** How long the pending write has made no progress, in milliseconds; 0 if none is pending. */
  get stallMs(): number {
    return this.#writingSince === undefined ? 0 : performance.now() - this.#writingSince;
  }

  /**
   * The received bytes, for a reader with its own buffers.
   *
   * Not `conn.readable`, which closes the whole socket at the peer's end of stream: responses to
   * earlier requests must still be sent.
   */
  readonly readable: ReadableStream<Uint8Array> = new ReadableStream({
    type: "bytes",
    pull: async (controller) => {
      // A byte stream without auto-allocation pulls only for a reader's own buffer.
      const request = controller.byobRequest!;
      this.#readingSince = performance.now();
      try {
        const got = await this.#conn.read(request.view as Uint8Array<ArrayBuffer>);
        if (got === null) controller.close();
        this.traffic.received += got ?? 0;
        request.respond(got ?? 0);
      } finally {
        this.#readingSince = undefined;
      }
    },
  });

  /**
   * Writes bytes; one caller at a time. Resolves when the system has accepted them. Small writes
   * are copied and sent together with those that follow soon; if that fails, the next call throws.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new Error("Cannot write: the connection is closed");
    if (this.#broken) throw this.#broken;
    if (bytes.length > MAX_COPIED || this.#staged + bytes.length > STAGE_SIZE) {
      await this.flush();
      await this.#writeAll(bytes);
      return;
    }
    if (!this.#stage) {
      // The spare buffer is in use while a write is pending.
      this.#stage = this.#spare ?? new Uint8Array(STAGE_SIZE);
      this.#spare = undefined;
    }
    this.#stage.set(bytes, this.#staged);
    this.#staged += bytes.length;
    this.#flushing ??= this.#flushSoon();
  }

  /** Resolves when the system has accepted all bytes. */
  async flush(): Promise<void> {
    await this.#flushing;
    if (this.#broken) throw this.#broken;
  }

  /** Writes the staged bytes after the present turn of the event loop, which may add more. */
  async #flushSoon(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#staged > 0) {
        const stage = this.#stage!;
        const bytes = stage.subarray(0, this.#staged);
        this.#stage = undefined;
        this.#staged = 0;
        await this.#writeAll(bytes);
        this.#spare = stage;
      }
    } catch (error) {
      this.#broken = error as Error;
    }
    // Free the buffer: there may be thousands of idle connections.
    this.#spare = undefined;
    this.#flushing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#writingSince = performance.now();
      try {
        const written = await this.#writeSome(at === 0 ? bytes : bytes.subarray(at));
        at += written;
        this.traffic.sent += written;
      } finally {
        this.#writingSince = undefined;
      }
    }
  }

  /** Closes the writing half; the peer's bytes can still be read. */
  async closeWrite(): Promise<void> {
    await this.#flushing;
    await this.#conn.closeWrite().catch(() => {});
  }

  /**
   * Closes the socket at once; pending reads and writes fail. Not guarded against: before Deno 2.9
   * the system's socket stays open until the peer reads the pending bytes or disconnects.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failWrite?.(new Deno.errors.Interrupted("The socket was closed"));
    try {
      this.#conn.close();
    } catch {
      // The system has closed it already.
    }
  }

  #writeSome(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#failWrite = reject;
    // Before Deno 2.9, closing the socket does not end a pending write.
    this.#conn.write(bytes).then(resolve, reject);
    return promise;
  }
}
