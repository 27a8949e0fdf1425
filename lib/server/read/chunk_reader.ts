/**
 * One chunk as a message, whole or in slices.
 *
 * A chunk is read whole before any of it is sent, so that any failure can still be an ERROR. It is
 * read and sent in slices only if so many clients request chunks at once that a client's share of
 * the memory is less than a chunk; a file that changes half-way through then ends the connection.
 *
 * @module
 */
import { HEADER_SIZE, MessageFramer, MessageType } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import { afterwards } from "./disk_gate.ts";
import type { FileOpener } from "./file_opener.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { InlineDigests } from "./inline_digests.ts";
import type { FileLease } from "./open_files.ts";
import { readUntouched } from "./read_fully.ts";
import type { FramedPieces, RequestedPiece } from "./requested_piece.ts";

/** The resources for reading. */
export interface ReadResources {
  readonly opener: FileOpener;
  readonly pool: BufferPool;
}

/** The source of one chunk. */
export interface ChunkSource {
  /** Whether some of the chunk has been read. */
  readonly hasBegun: boolean;
  /** Whether all of the chunk has been read. */
  readonly isDone: boolean;
  /**
   * Reads the next slice, which may be the whole chunk. Do not call it after the last slice, nor
   * before the previous one is sent and has released its room.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   * @throws {Error} If it cannot be read.
   */
  read(): Promise<FramedPieces>;
  /** Reads no more. */
  close(): void;
}

/** Reads one chunk for one client. */
export class ChunkReader implements ChunkSource {
  readonly #piece: RequestedPiece;
  readonly #room: number;
  readonly #digests: InlineDigests;
  readonly #resources: ReadResources;
  readonly #framer: MessageFramer;
  #lease: FileLease | undefined;
  /** Bytes of the chunk that have been read. */
  #done = 0;

  /**
   * @param room The limit of what it may hold at once, in bytes.
   */
  constructor(
    piece: RequestedPiece,
    room: number,
    endpoints: Endpoints,
    digests: InlineDigests,
    resources: ReadResources,
  ) {
    this.#piece = piece;
    this.#room = room;
    this.#digests = digests;
    this.#resources = resources;
    const { requestId, offset, length } = piece;
    const type = MessageType.CHUNK;
    this.#framer = new MessageFramer({
      type,
      requestId,
      more: false,
      offset,
      length,
      ...endpoints,
    });
  }

  get hasBegun(): boolean {
    return this.#done > 0;
  }

  get isDone(): boolean {
    return this.#done === this.#piece.length;
  }

  async read(): Promise<FramedPieces> {
    const { opener, pool } = this.#resources;
    const { file, offset, length } = this.#piece;
    const lease = this.#lease ??= await opener.lease(file);
    const left = length - this.#done;
    const take = Math.min(left, this.#room);
    const start = offset + this.#done;
    const buffer = await pool.acquire(take);
    try {
      const target = buffer.subarray(HEADER_SIZE, HEADER_SIZE + take);
      await readUntouched(lease, target, start, () => opener.proveUnchanged(file, lease));
      const before = this.#done === 0
        ? this.#digests.before(this.#piece, target, lease.proof.identity)
        : [];
      this.#done += take;
      return {
        parts: [...before, this.#framer.frame(buffer, take)],
        pieces: [{ file, offset: start, length: take }],
        [Symbol.dispose]: () => pool.release(buffer),
      };
    } catch (error) {
      afterwards(error, () => pool.release(buffer));
      throw error;
    }
  }

  close(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }
}
