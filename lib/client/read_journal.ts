/**
 * A journal from the disk.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { unlessMissing } from "./unless_missing.ts";

/** A journal's bytes; none if what is there can never be read. Null if nothing is. */
export async function readJournal(path: string): Promise<Uint8Array | null> {
  // Mostly there is none, and an error would take longer.
  if (!existsSync(path)) return null;
  try {
    return await unlessMissing(Deno.readFile(path));
  } catch (error) {
    const isNone = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.IsADirectory;
    if (isNone) return new Uint8Array();
    throw error;
  }
}
