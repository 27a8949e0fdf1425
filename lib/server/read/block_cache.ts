/**
 * Parts of files that several clients request at about the same time: read, checked and framed once
 * for all of them.
 *
 * Only a part that another client requested moments ago is worth keeping: a single client requests
 * nothing twice.
 *
 * @module
 */
import { HEADER_SIZE, MessageFramer, MessageType } from "../../protocol/message.ts";
import { IP_SIZE } from "../../protocol/ip_address.ts";
import type { BufferPool } from "./buffer_pool.ts";
import { afterwards } from "./disk_gate.ts";
import type { FileLease } from "./open_files.ts";
import { readUntouched } from "./read_fully.ts";
import type { FilePiece } from "./requested_piece.ts";

/** The part of the memory for all buffers that blocks may take. */
const PART_OF_BUDGET = 1 / 8;
/** How long a request makes the same one of another client worth sharing, in milliseconds. */
const MOMENTS_MS = 3_000;
/** How many requests are remembered; the oldest ones are forgotten. */
const MAX_REMEMBERED = 4_096;

/** A block in use, until it is disposed of. */
export interface Block extends Disposable {
  /** The chunk that it makes; the fields of the header are left open. */
  readonly message: Uint8Array;
}

interface Content {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly message: Uint8Array;
}

const NO_ENDPOINT = { ip: new Uint8Array(IP_SIZE), port: 0 };
/** The header of a block; each response writes its own. */
const NOBODYS = {
  type: MessageType.CHUNK,
  requestId: 0,
  more: false,
  server: NO_ENDPOINT,
  client: NO_ENDPOINT,
};

interface CachedBlock {
  readonly content: Promise<Content>;
  readonly size: number;
  uses: number;
}

/** The blocks of one server. */
export class BlockCache implements Disposable {
  readonly #pool: BufferPool;
  readonly #capacity: number;
  /** By key; the most recently used one last. */
  readonly #blocks = new Map<string, CachedBlock>();
  #size = 0;
  /** The client and the time of each block's latest request, by key; the oldest first. */
  readonly #asked = new Map<string, { readonly client: unknown; readonly at: number }>();

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.#capacity = pool.budget * PART_OF_BUDGET;
  }

  /** Records a client's request, and returns whether to take the piece from the cache. */
  isShared(piece: FilePiece, client: unknown): boolean {
    const key = keyOf(piece);
    if (this.#blocks.has(key)) return true;
    const now = performance.now();
    const before = this.#asked.get(key);
    const isAskedAgain = before && before.client !== client && now - before.at <= MOMENTS_MS;
    if (isAskedAgain && this.#makeRoom(piece.length)) return true;
    this.#asked.delete(key);
    this.#asked.set(key, { client, at: now });
    if (this.#asked.size > MAX_REMEMBERED) {
      const [oldest = ""] = this.#asked.keys();
      this.#asked.delete(oldest);
    }
    return false;
  }

  /**
   * Returns a block, which is read if it is not in the cache.
   *
   * @param prove Resolves when the file has shown, after this call, that it is unchanged.
   * @throws What `prove` throws, or an `Error` if it cannot be read.
   */
  async take(piece: FilePiece, lease: FileLease, prove: () => Promise<void>): Promise<Block> {
    const key = keyOf(piece);
    const block = this.#blocks.get(key) ?? this.#begin(key, piece, lease, prove);
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    block.uses++;
    let used = true;
    const dispose = () => {
      if (used) block.uses--;
      used = false;
    };
    try {
      const { message } = await block.content;
      return { message, [Symbol.dispose]: dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  /** Releases all memory; no block may be in use. */
  [Symbol.dispose](): void {
    for (const [key, block] of this.#blocks) this.#drop(key, block);
  }

  #begin(
    key: string,
    { length, offset }: FilePiece,
    lease: FileLease,
    prove: () => Promise<void>,
  ): CachedBlock {
    const content = this.#read(offset, length, lease, prove);
    const block = { content, size: length, uses: 0 };
    this.#size += length;
    content.catch(() => {
      if (this.#blocks.get(key) === block) this.#drop(key, block);
    });
    return block;
  }

  async #read(
    offset: number,
    length: number,
    lease: FileLease,
    prove: () => Promise<void>,
  ): Promise<Content> {
    const buffer = await this.#pool.acquire(length);
    try {
      const bytes = buffer.subarray(HEADER_SIZE, HEADER_SIZE + length);
      await readUntouched(lease, bytes, offset, prove);
      const framer = new MessageFramer({ ...NOBODYS, offset, length });
      return { buffer, message: framer.frame(buffer, length) };
    } catch (error) {
      afterwards(error, () => this.#pool.release(buffer));
      throw error;
    }
  }

  /** Drops unused blocks until another one fits; returns whether it fits. */
  #makeRoom(size: number): boolean {
    for (const [key, block] of this.#blocks) {
      if (this.#size + size <= this.#capacity) break;
      if (block.uses === 0) this.#drop(key, block);
    }
    return this.#size + size <= this.#capacity;
  }

  #drop(key: string, { content, size }: CachedBlock): void {
    this.#blocks.delete(key);
    this.#size -= size;
    content.then(({ buffer }) => this.#pool.release(buffer), () => {});
  }
}

function keyOf({ file: { path, version, stamp }, offset, length }: FilePiece): string {
  return `${offset}:${length}:${version}:${stamp}:${path}`;
}
