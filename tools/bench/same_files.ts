/**
 * Compares downloaded files with their sources.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "@std/path";
import type { FileSet } from "./data.ts";

/** The size of the pieces in which files are compared, in bytes. */
const PIECE = 4 * 1024 * 1024;
const left = Buffer.alloc(PIECE);
const right = Buffer.alloc(PIECE);

/**
 * Compares every file byte by byte.
 *
 * @throws {Error} If one is missing or different.
 */
export async function assertSameFiles({ dir, names }: FileSet, output: string): Promise<void> {
  for (const [i, name] of names.entries()) {
    if (!areSame(join(dir, name), join(output, name))) {
      throw new Error(`${name} differs from its source`);
    }
    if (i % 100 === 0) await new Promise((wake) => setTimeout(wake));
  }
}

function areSame(path: string, other: string): boolean {
  try {
    using a = Deno.openSync(path);
    using b = Deno.openSync(other);
    for (;;) {
      const read = fill(a, left);
      if (fill(b, right) !== read) return false;
      if (left.compare(right, 0, read, 0, read) !== 0) return false;
      if (read < PIECE) return true;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Reads until the buffer is full or the file has ended. */
function fill(file: Deno.FsFile, buffer: Uint8Array): number {
  let filled = 0;
  while (filled < buffer.length) {
    const read = file.readSync(buffer.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return filled;
}
