/**
 * Files on their way from one thread to another: few values for many files, since each value is
 * copied by itself.
 *
 * @module
 */
import type { SharedFile } from "../shared_file.ts";

/** Files as text and numbers. */
export interface PackedFiles {
  /** Path, version, stamp and link target of each, with a NUL behind each of the four. */
  readonly words: string;
  /** Size, time of modification and device of each. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

const WORDS = 4;
const NUMBERS = 3;

/** Packs files. */
export function packFiles(files: readonly SharedFile[]): PackedFiles {
  const numbers = new Float64Array(files.length * NUMBERS);
  let words = "";
  for (const [i, { path, version, stamp, linkTo, size, modified, device }] of files.entries()) {
    // The shared folder itself, the empty path, is no file.
    words += `${path}\0${version}\0${stamp}\0${linkTo ?? ""}\0`;
    numbers.set([size, modified, device], i * NUMBERS);
  }
  return { words, numbers };
}

/** The files that were packed. */
export function unpackFiles({ words, numbers }: PackedFiles): SharedFile[] {
  const parts = words.split("\0");
  const files: SharedFile[] = [];
  for (let i = 0, at = 0; at < numbers.length; i += WORDS, at += NUMBERS) {
    files.push({
      path: parts[i]!,
      size: numbers[at]!,
      modified: numbers[at + 1]!,
      linkTo: parts[i + 3] || null,
      device: numbers[at + 2]!,
      version: parts[i + 1]!,
      stamp: parts[i + 2]!,
    });
  }
  return files;
}

/** Packs paths. */
export function packPaths(paths: readonly string[]): string {
  return paths.map((path) => `${path}\0`).join("");
}

/** The paths that were packed. */
export function unpackPaths(packed: string): string[] {
  return packed.split("\0").slice(0, -1);
}
