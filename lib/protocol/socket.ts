/**
 * A `Deno.Conn` as bytes both ways, which knows for how long nothing has come or gone.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Up to so many bytes, copying them is cheaper than a system call. */
const SMALL_WRITE = 8 * 1024;
/** How much may wait to be written together, in bytes. */
const STAGE_SIZE = 32 * 1024;

/** Owns its `Deno.Conn`. */
export class Socket {
  /** Bytes received and sent so far. */
  readonly traffic = { received: 0, sent: 0 };

  readonly #conn: Deno.Conn;
  #closed = false;
  /** Since when a read, or a write, has been waiting without a byte; undefined if none is. */
  #readingSince: number | undefined;
  #writingSince: number | undefined;
  /** Small writes that wait for the one that is under way, and how many bytes they are. */
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

  /** For how long the peer has sent nothing to a reader, in milliseconds. */
  get silence(): number {
    return this.#readingSince === undefined ? 0 : performance.now() - this.#readingSince;
  }

  /** For how long the peer has taken nothing from a writer, in milliseconds. */
  get stall(): number {
    return this.#writingSince === undefined ? 0 : performance.now() - this.#writingSince;
  }

  /**
   * What comes, for a reader with buffers of its own.
   *
   * Not `conn.readable`: that closes the whole socket at the peer's end of stream, and what the
   * peer had asked for before is still to be sent.
   */
  readonly readable: ReadableStream<Uint8Array> = new ReadableStream({
    type: "bytes",
    pull: async (controller) => {
      // A byte stream without auto-allocation only pulls for a reader's own buffer.
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
   * Writes bytes; one caller at a time. Resolves when the system has taken them. A few bytes are
   * copied instead, and go together with those that come soon after; if that fails, the next call
   * says so.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed) throw new Error("Cannot write: the connection is closed");
    if (this.#broken) throw this.#broken;
    if (bytes.length > SMALL_WRITE || this.#staged + bytes.length > STAGE_SIZE) {
      await this.flush();
      await this.#writeAll(bytes);
      return;
    }
    if (!this.#stage) {
      // The spare one is that of a write under way once it is filled.
      this.#stage = this.#spare ?? new Uint8Array(STAGE_SIZE);
      this.#spare = undefined;
    }
    this.#stage.set(bytes, this.#staged);
    this.#staged += bytes.length;
    this.#flushing ??= this.#flushSoon();
  }

  /** Resolves when the system has taken all bytes. */
  async flush(): Promise<void> {
    await this.#flushing;
    if (this.#broken) throw this.#broken;
  }

  /** Lets all come together first that is written in one go. */
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
    // Thousands of connections that have nothing to send keep nothing for it.
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

  /** Closes the writing half; what the peer still sends can be read. */
  async closeWrite(): Promise<void> {
    await this.#flushing;
    await this.#conn.closeWrite().catch(() => {});
  }

  /**
   * Closes it at once; reads and writes under way fail. Not guarded against: before Deno 2.9 the
   * system's socket stays until the peer takes what was being written, or goes.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failWrite?.(new Deno.errors.Interrupted("The socket was closed"));
    try {
      this.#conn.close();
    } catch {
      // Closed by the system already.
    }
  }

  #writeSome(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#failWrite = reject;
    // A close does not end it before Deno 2.9.
    this.#conn.write(bytes).then(resolve, reject);
    return promise;
  }
}
