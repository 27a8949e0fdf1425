/**
 * A journal from the disk.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { unlessMissing } from "./unless_missing.ts";

/** The largest file that is taken for a journal, in bytes: that of some terabytes is smaller. */
const MAX_SIZE = 256 * 1024 * 1024;

/** A journal's bytes; none if what is there can never be read. Null if nothing is. */
export async function readJournal(path: string): Promise<Uint8Array | null> {
  // Mostly there is none, and an error would take longer.
  if (!existsSync(path)) return null;
  try {
    const { isFile, size } = Deno.lstatSync(path);
    // A named pipe would keep its reader waiting, and a link leads to what is none of ours.
    if (!isFile || size > MAX_SIZE) return new Uint8Array();
    return await unlessMissing(Deno.readFile(path));
  } catch (error) {
    const isNone = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.IsADirectory;
    if (isNone) return new Uint8Array();
    throw error;
  }
}
