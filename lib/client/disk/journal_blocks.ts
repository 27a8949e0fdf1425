/**
 * The content of a journal in its shortest form: neighboring chunks are merged into blocks. Pure.
 *
 * Blocks are limited, since one damaged byte costs a whole block.
 *
 * @module
 */
import { crc32Combine } from "./crc32_combine.ts";
import type { JournalEntry } from "./journal.ts";

/** A block's maximum length in bytes, unless the file would have more than so many blocks. */
const MIN_MAX_LENGTH = 4 * 1024 * 1024;
const MAX_BLOCKS = 32 * 1024;

/** Entries whose data is on disk, merged where they adjoin. */
export class JournalBlocks {
  readonly #maxLength: number;
  /** By offset. */
  readonly #blocks: JournalEntry[] = [];

  /** @param size The file's size in bytes. */
  constructor(size: number) {
    this.#maxLength = Math.max(MIN_MAX_LENGTH, Math.ceil(size / MAX_BLOCKS));
  }

  /** The number of blocks. */
  get count(): number {
    return this.#blocks.length;
  }

  /** The blocks, by offset. */
  [Symbol.iterator](): Iterator<JournalEntry> {
    return this.#blocks.values();
  }

  /**
   * Adds a chunk. A block that contains it stands for it, blocks within it are replaced, and others
   * that it overlaps stay as they are.
   */
  add(entry: JournalEntry): void {
    const blocks = this.#blocks;
    const at = this.#firstFrom(entry.offset);
    if (contains(blocks[at - 1], entry) || contains(blocks[at], entry)) return;
    let to = at;
    while (to < blocks.length && endOf(blocks[to]!) <= endOf(entry)) to++;
    blocks.splice(at, to - at, entry);
    this.#mergeAt(at);
    if (at > 0) this.#mergeAt(at - 1);
  }

  /** Merges a block with the next one, if they adjoin and are short enough. */
  #mergeAt(at: number): void {
    const [block, next] = [this.#blocks[at]!, this.#blocks[at + 1]];
    if (!next || endOf(block) !== next.offset) return;
    const length = block.length + next.length;
    if (length > this.#maxLength) return;
    const checksum = crc32Combine(block.checksum, next.checksum, next.length);
    this.#blocks.splice(at, 2, { offset: block.offset, length, checksum });
  }

  /** The index of the first block that does not start before an offset. */
  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#blocks[middle]!.offset >= offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function contains(block: JournalEntry | undefined, entry: JournalEntry): boolean {
  return block !== undefined && block.offset <= entry.offset && endOf(block) >= endOf(entry);
}

function endOf({ offset, length }: JournalEntry): number {
  return offset + length;
}
