/**
 * Moves a complete file to another file system, for places to which it cannot be renamed: it is
 * copied beside its name, flushed, and renamed there.
 *
 * @module
 */
import { basename, dirname, join, relative, SEPARATOR } from "@std/path";
import { codeOf } from "../../errors.ts";
import { removeIfExists } from "../../fs/not_found.ts";
import { replaceFile } from "./replace_file.ts";

/** The ending of notes in the work folder, each with the path of a copy that is not complete. */
export const COPYING = ".copying";
/** The prefix of copies that are not complete. */
const COPY = ".sluice-";

/** Bytes for each read and write. */
const PIECE_SIZE = 1024 * 1024;

/** Whether a rename failed because the two paths are on different file systems or mounts. */
export function isAcross(error: unknown): boolean {
  // The last one is Windows' ERROR_NOT_SAME_DEVICE.
  return error instanceof Error &&
    (codeOf(error) === "EXDEV" || /\(os error 17\)/.test(error.message));
}

/**
 * Moves a file to its name on another file system.
 *
 * @param from The file in the work folder, beside which a note of the copy is kept.
 * @param final The file's final path.
 * @param root The output folder.
 * @returns The open file under the name, which the caller closes.
 * @throws {Error} The system's error; nothing is left then but `from`.
 */
export async function moveAcross(
  from: string,
  final: string,
  root: string,
): Promise<Deno.FsFile> {
  const copy = join(dirname(final), `${COPY}${crypto.randomUUID()}`);
  const note = from + COPYING;
  let copied: Deno.FsFile | undefined;
  try {
    Deno.writeTextFileSync(note, relative(root, copy));
    copied = await Deno.open(copy, { read: true, write: true, createNew: true });
    await copyFlushed(from, copied);
    await replaceFile(copy, final);
  } catch (error) {
    copied?.close();
    removeIfExists(copy);
    removeIfExists(note);
    throw error;
  }
  removeIfExists(from);
  removeIfExists(note);
  return copied;
}

/** Removes the copy of a client that was killed, and then the note. */
export function removeCopy(note: string, root: string): void {
  try {
    const copy = join(root, Deno.readTextFileSync(note));
    const folder = dirname(copy);
    // A link on the way may lead out of the output folder.
    const isInside = (folder + SEPARATOR).startsWith(root + SEPARATOR) &&
      Deno.realPathSync(folder) === folder;
    if (isInside && basename(copy).startsWith(COPY)) removeIfExists(copy);
  } catch {
    // The folder is gone, or cannot be read.
  }
  removeIfExists(note);
}

/** Copies a file with its modification time, and flushes the copy. */
async function copyFlushed(from: string, copy: Deno.FsFile): Promise<void> {
  using source = await Deno.open(from);
  const piece = new Uint8Array(PIECE_SIZE);
  for (let read = await source.read(piece); read !== null; read = await source.read(piece)) {
    for (let at = 0; at < read;) at += await copy.write(piece.subarray(at, read));
  }
  const { mtime } = await source.stat();
  if (mtime) await copy.utime(mtime, mtime);
  await copy.syncData();
}
