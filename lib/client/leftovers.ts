/**
 * What earlier downloads left of files that are not wanted any more.
 *
 * @module
 */
import { matcherOf } from "./glob.ts";
import type { Wish } from "./input_list.ts";
import { parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { unlessMissing } from "./unless_missing.ts";

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
 * @param output The output folder. Who removes something afterwards holds its lock.
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
  const leftovers: Leftover[] = [];
  for (const [stem, files] of byStem) {
    const path = await subjectOf(`${stem}.journal`);
    if (path !== null && matchers.some((means) => means(path))) continue;
    let size = 0;
    for (const file of files) size += (await unlessMissing(Deno.lstat(file)))?.size ?? 0;
    leftovers.push({ path, size, files });
  }
  return leftovers;
}

/** Removes leftovers from the disk. */
export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<void> {
  for (const file of leftovers.flatMap(({ files }) => files)) await Deno.remove(file);
}

/** Which file a journal is of; null if there is no journal, or none that can be understood. */
async function subjectOf(journal: string): Promise<string | null> {
  try {
    // A named pipe would keep its reader waiting.
    if (!(await Deno.lstat(journal)).isFile) return null;
    using file = await Deno.open(journal);
    const head = new Uint8Array(HEAD_SIZE);
    const read = await file.read(head);
    return parseJournal(head.subarray(0, read ?? 0))?.subject.path ?? null;
  } catch {
    return null;
  }
}
