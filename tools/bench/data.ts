/**
 * The files to download: equal for equal seeds, and incompressible.
 *
 * @module
 */
import { createCipheriv, createHash } from "node:crypto";
import { join } from "@std/path";
import type { Priority } from "../../lib/client/priority.ts";

/** The size of the pieces in which files are made, in bytes. */
const PIECE = 4 * 1024 * 1024;

/** Some files of one size and one priority. */
export interface FileGroup {
  readonly count: number;
  /** Bytes. */
  readonly size: number;
  /** @default {"NORMAL"} */
  readonly priority?: Priority;
}

/** Files in one folder. */
export interface FileSet {
  /** The folder. */
  readonly dir: string;
  /** Their names. */
  readonly names: readonly string[];
  /** The sum of their sizes, in bytes. */
  readonly bytes: number;
}

/** Makes the folder `dir`, with files in it. */
export async function makeFiles(
  dir: string,
  groups: readonly FileGroup[],
  seed: number,
  signal: AbortSignal,
): Promise<FileSet> {
  await Deno.mkdir(dir, { recursive: true });
  using source = seededBytes(seed);
  const names: string[] = [];
  for (const { size, name } of filesOf(groups)) {
    writeFile(join(dir, name), size, source);
    names.push(name);
    // The loop is synchronous; pausing lets Ctrl+C be handled.
    if (names.length % 100 === 0 || size > PIECE) await new Promise((wake) => setTimeout(wake));
    signal.throwIfAborted();
  }
  await settle(dir);
  return { dir, names, bytes: groups.reduce((sum, { count, size }) => sum + count * size, 0) };
}

/** The text of an input list of these files. */
export function inputList(groups: readonly FileGroup[]): string {
  return filesOf(groups).map(({ name, priority }) => `${name} ${priority}\n`).join("");
}

/** The names, sizes and priorities of some groups of files. */
export function filesOf(groups: readonly FileGroup[]) {
  return groups.flatMap(({ count, size, priority = "NORMAL" }) =>
    Array.from({ length: count }, (_, i) => ({
      name: `${priority.toLowerCase()}-${size}-${i}.bin`,
      size,
      priority,
    }))
  );
}

function writeFile(path: string, size: number, source: ByteSource): void {
  using file = Deno.createSync(path);
  for (let left = size; left > 0; left -= PIECE) {
    const piece = source.next(Math.min(left, PIECE));
    for (let at = 0; at < piece.length;) at += file.writeSync(piece.subarray(at));
  }
}

/** An endless source of bytes. */
interface ByteSource extends Disposable {
  /** Returns the next `size` bytes, at most {@linkcode PIECE}. */
  next(size: number): Uint8Array;
}

function seededBytes(seed: number): ByteSource {
  const key = createHash("sha256").update(`seed ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv("aes-128-ctr", key, new Uint8Array(16));
  const zeros = new Uint8Array(PIECE);
  return {
    next: (size) => cipher.update(zeros.subarray(0, size)),
    [Symbol.dispose]: () => cipher.final(),
  };
}

/** Waits until the files are on the disk, so that no run is slowed by writing them. */
async function settle(dir: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  await new Deno.Command("sync", { args: Deno.build.os === "linux" ? ["-f", dir] : [] }).output();
}
