/**
 * One chunk as a message around a block that other clients get, too.
 *
 * @module
 */
import { HEADER_SIZE, MessageType, writeHeader } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import type { FileOpener } from "./file_opener.ts";
import type { Block, BlockCache } from "./block_cache.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { ChunkSource, ReadResources } from "./chunk_reader.ts";
import type { InlineDigests } from "./inline_digests.ts";
import type { FramedPieces, RequestedPiece } from "./requested_piece.ts";

/** How many bytes of a block are copied after the header, to save a system call for the header. */
const COPIED = 8 * 1024;
/** How long a block is sent without a proof that its file is unchanged, in milliseconds. */
const FRESH_MS = 50;

/** Takes one chunk from the cache. */
export class SharedChunkReader implements ChunkSource {
  readonly hasBegun = false;
  /** The chunk is read all at once. */
  isDone = false;
  readonly #piece: RequestedPiece;
  readonly #endpoints: Endpoints;
  readonly #digests: InlineDigests;
  readonly #cache: BlockCache;
  readonly #opener: FileOpener;
  readonly #pool: BufferPool;

  constructor(
    piece: RequestedPiece,
    endpoints: Endpoints,
    digests: InlineDigests,
    cache: BlockCache,
    { opener, pool }: ReadResources,
  ) {
    this.#piece = piece;
    this.#endpoints = endpoints;
    this.#digests = digests;
    this.#cache = cache;
    this.#opener = opener;
    this.#pool = pool;
  }

  async read(): Promise<FramedPieces> {
    const { file } = this.#piece;
    const lease = await this.#opener.lease(file);
    try {
      const prove = () => this.#opener.proveUnchanged(file, lease);
      const block = await this.#cache.take(this.#piece, lease, prove);
      try {
        if (performance.now() - lease.proof.at > FRESH_MS) await prove();
        return await this.#framed(block);
      } catch (error) {
        block[Symbol.dispose]();
        throw error;
      }
    } finally {
      lease.release();
    }
  }

  async #framed(block: Block): Promise<FramedPieces> {
    const { requestId, offset, length, file } = this.#piece;
    const { message } = block;
    const copied = HEADER_SIZE + Math.min(length, COPIED);
    const buffer = await this.#pool.acquire(COPIED);
    buffer.set(message.subarray(0, copied));
    const header = { requestId, more: false, offset, length, ...this.#endpoints };
    writeHeader(buffer, { type: MessageType.CHUNK, ...header });
    const content = message.subarray(HEADER_SIZE, HEADER_SIZE + length);
    const before = this.#digests.before(this.#piece, content, file);
    this.isDone = true;
    return {
      parts: [...before, buffer.subarray(0, copied), message.subarray(copied)],
      pieces: [this.#piece],
      [Symbol.dispose]: () => {
        this.#pool.release(buffer);
        block[Symbol.dispose]();
      },
    };
  }

  close(): void {}
}
