/**
 * The one way to what shared files hold: whole small files together, anything else by itself.
 *
 * The parts of this folder, each using only those before it: `buffer_pool.ts`,
 * `requested_piece.ts`, `digest_cache.ts`, `open_files.ts`, `small_files_batch.ts` and
 * `small_files_worker.ts`, `small_files.ts`, `read_pace.ts`, `read_fully.ts`, `inline_digests.ts`,
 * `chunk_reader.ts`, `block_cache.ts`, `shared_chunk_reader.ts`, `file_reader.ts` (this).
 *
 * @module
 */
import type { Endpoints } from "../../protocol/message_writer.ts";
import type { FileOpener } from "./file_opener.ts";
import { type BufferPool, bufferSizeFor, bufferSizeForFramed } from "./buffer_pool.ts";
import { ChunkReader, type ChunkSource } from "./chunk_reader.ts";
import { BlockCache } from "./block_cache.ts";
import type { DigestCache } from "./digest_cache.ts";
import { InlineDigests } from "./inline_digests.ts";
import { type FramedPieces, isWhole, type RequestedPiece } from "./requested_piece.ts";
import { SharedChunkReader } from "./shared_chunk_reader.ts";
import { SmallFiles } from "./small_files.ts";
import { framedSize } from "./small_files_batch.ts";

/** The most files that are read together, … */
const MAX_TOGETHER = 64;
/** … and the most bytes. */
const MAX_BYTES_TOGETHER = 2 * 1024 * 1024;

/** Reads shared files. */
export class FileReader implements Disposable {
  readonly #opener: FileOpener;
  readonly #pool: BufferPool;
  readonly #digests: DigestCache;
  readonly #small: SmallFiles;
  readonly #blocks: BlockCache;

  constructor(opener: FileOpener, pool: BufferPool, digests: DigestCache) {
    this.#opener = opener;
    this.#pool = pool;
    this.#digests = digests;
    this.#small = new SmallFiles(opener.folder, pool, digests);
    this.#blocks = new BlockCache(pool);
  }

  /**
   * How many pieces at the head of a queue are whole small files to be read together, and how much
   * room that takes, in bytes.
   *
   * @param room How much room there is.
   */
  together(
    queue: readonly (RequestedPiece | object)[],
    room: number,
  ): { readonly count: number; readonly room: number } {
    const most = Math.min(room, MAX_BYTES_TOGETHER);
    let count = 0;
    let size = 0;
    if (this.#small.isReady) {
      for (const piece of queue) {
        if (count === MAX_TOGETHER || !isSmall(piece)) break;
        const larger = size + framedSize(piece.length, piece.digest);
        if (bufferSizeForFramed(larger) > most) break;
        size = larger;
        count++;
      }
    }
    return { count, room: count > 0 ? bufferSizeForFramed(size) : 0 };
  }

  /** Reads pieces that `together` has counted: those before the first that fails, or null. */
  readTogether(
    pieces: readonly RequestedPiece[],
    endpoints: Endpoints,
    learnsDigests: boolean,
  ): Promise<FramedPieces | null> {
    return this.#small.read(pieces, endpoints, learnsDigests);
  }

  /** How much room a piece wants that is read by itself, in bytes. */
  bufferSizeFor({ length }: RequestedPiece): number {
    return bufferSizeFor(length);
  }

  /**
   * Reads a piece by itself.
   *
   * @param room How much may be held at once, in bytes: what does not fit comes in slices.
   */
  chunk(
    piece: RequestedPiece,
    room: number,
    endpoints: Endpoints,
    learnsDigests: boolean,
  ): ChunkSource {
    const resources = { opener: this.#opener, pool: this.#pool };
    const blocks = this.#blocks;
    const digests = new InlineDigests(this.#digests, endpoints, learnsDigests);
    // Each connection has its own object with its ends.
    return blocks.isShared(piece, endpoints)
      ? new SharedChunkReader(piece, endpoints, digests, blocks, resources)
      : new ChunkReader(piece, room, endpoints, digests, resources);
  }

  [Symbol.dispose](): void {
    this.#small[Symbol.dispose]();
    this.#blocks[Symbol.dispose]();
  }
}

function isSmall(piece: RequestedPiece | object): piece is RequestedPiece {
  return "file" in piece && !piece.isAlone && isWhole(piece) && SmallFiles.takes(piece.file);
}
