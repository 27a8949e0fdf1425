/**
 * The one way to the content of shared files: whole small files together, anything else by itself.
 *
 * The parts of this room, each importing only those before it: `buffer_pool.ts` (the memory for
 * responses), `requested_piece.ts` (parts of files), `digest_order.ts` and `digest_cache.ts` (digests), `read_pace.ts`
 * (whether a read is likely to be quick), `disk_gate.ts` (calls that a disk may keep waiting),
 * `open_flags.ts`, `open_files.ts` and `file_opener.ts` (open files, proven to be the listed ones),
 * `read_fully.ts` (reads a part), `small_files_batch.ts`, `small_files_worker.ts` and
 * `small_files.ts` (small files, read whole by a Worker), `inline_digests.ts` (digests before
 * chunks), `chunk_reader.ts` (one chunk), `block_cache.ts` and `shared_chunk_reader.ts` (chunks
 * that several clients request), `file_reader.ts` (this). It imports `shared_file.ts` and the rooms
 * that both sides share; the rest of `lib/server` may import it.
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

/** The largest number of files that are read together, … */
const MAX_TOGETHER = 64;
/** … and of bytes. */
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
   * The number of pieces at the head of a queue that are whole small files to be read together, and
   * the room that they take, in bytes.
   *
   * @param room The room that there is, in bytes.
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

  /** Reads pieces that `together` has counted: those before the first that fails. */
  readTogether(
    pieces: readonly RequestedPiece[],
    endpoints: Endpoints,
    learnsDigests: boolean,
  ): Promise<FramedPieces | null> {
    return this.#small.read(pieces, endpoints, learnsDigests);
  }

  /** The room that a piece needs when it is read by itself, in bytes. */
  bufferSizeFor({ length }: RequestedPiece): number {
    return bufferSizeFor(length);
  }

  /**
   * Reads a piece by itself.
   *
   * @param room The limit of what may be held at once, in bytes; a larger piece is read in slices.
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
