/**
 * Folders of the output folder: real ones, since a link may lead out of it.
 *
 * @module
 */
import { OutputError } from "../../errors.ts";
import { lstatOrNull } from "../../fs/not_found.ts";
import { quoted } from "../../text/sanitize.ts";
import { isNameError } from "./possible_names.ts";

/**
 * Creates a folder if it is missing.
 *
 * @throws {OutputError} If something else is there, such as a link to a folder.
 */
export function makeFolder(folder: string): void {
  if (!folderAt(folder)) Deno.mkdirSync(folder, { recursive: true });
}

/**
 * The folder at a path, or null if nothing is there.
 *
 * @throws {OutputError} If something else is.
 */
export function folderAt(path: string): Deno.FileInfo | null {
  const there = lstatOrNull(path);
  if (there?.isSymlink) throw new OutputError(`${quoted(path)} is a link; remove it`);
  if (there && !there.isDirectory) {
    throw new OutputError(`${quoted(path)} is not a folder; move it away`);
  }
  return there;
}

/** The device of a folder; null if nothing is there, or can be. */
export function deviceAt(folder: string): number | null {
  try {
    return folderAt(folder)?.dev ?? null;
  } catch (error) {
    if (isNameError(error)) return null;
    throw error;
  }
}
