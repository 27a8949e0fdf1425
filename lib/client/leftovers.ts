/**
 * What earlier downloads left of files that are not wanted any more.
 *
 * @module
 */
import { matcherOf } from "./glob.ts";
import type { Wish } from "./input_list.ts";
import { parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";

/** One file's leftover. */
export interface Leftover {
  /** The file's path on the server; null if its journal does not say. */
  readonly path: string | null;
  /** Bytes on the disk. */
  readonly size: number;
  /** What is on the disk. */
  readonly files: readonly string[];
}

/** A journal's head is in its beginning: so much of it is read, in bytes. */
const HEAD_SIZE = 64 * 1024;

/**
 * What the work folder holds of files that no wish means.
 *
 * @param output The output folder, whose lock the caller holds.
 * @param wishes What is wanted.
 */
export async function findLeftovers(
  output: OutputFolder,
  wishes: readonly Wish[],
): Promise<Leftover[]> {
  const matchers = wishes.map((wish) => matcherOf(wish.name));
  const byStem = new Map<string, string[]>();
  for (const file of await output.workFiles()) {
    const stem = file.replace(/\.(data|journal)$/, "");
    if (stem === file) continue;
    byStem.set(stem, [...byStem.get(stem) ?? [], file]);
  }
  const leftovers = await Promise.all([...byStem].map(async ([stem, files]) => {
    const path = await subjectOf(`${stem}.journal`);
    const sizes = await Promise.all(files.map(sizeOf));
    return { path, size: sizes.reduce((sum, size) => sum + size, 0), files };
  }));
  return leftovers.filter(({ path }) => path === null || !matchers.some((means) => means(path)));
}

/** Removes leftovers from the disk. */
export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<void> {
  for (const file of leftovers.flatMap(({ files }) => files)) await Deno.remove(file);
}

async function subjectOf(journal: string): Promise<string | null> {
  try {
    using file = await Deno.open(journal);
    const head = new Uint8Array(HEAD_SIZE);
    const read = await file.read(head);
    return parseJournal(head.subarray(0, read ?? 0))?.subject.path ?? null;
  } catch {
    return null;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.lstat(file)).size;
  } catch {
    return 0;
  }
}
