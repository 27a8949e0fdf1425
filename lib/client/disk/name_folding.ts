/**
 * Whether a file system ignores case or Unicode form in names.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "@std/path";
import { removeIfExists } from "../../fs/not_found.ts";

/** The prefix of files and folders that test the file system, and are removed at once. */
export const PROBE = "probe-";

/**
 * Tests whether a folder's file system ignores case or Unicode form in names.
 *
 * @throws {Error} If the folder cannot be written to.
 */
export function foldsNamesIn(folder: string): boolean {
  const name = `${PROBE}A\u00e9-${Deno.pid}`;
  const probe = join(folder, name);
  removeIfExists(probe);
  Deno.openSync(probe, { write: true, createNew: true }).close();
  const variants = [name.replace("A", "a"), name.normalize("NFD")];
  const folds = variants.some((name) => existsSync(join(folder, name)));
  removeIfExists(probe);
  return folds;
}
