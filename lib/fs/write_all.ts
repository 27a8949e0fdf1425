/**
 * Writing without short writes.
 *
 * @module
 */

/** Writes all bytes at the file's position; a single `writeSync` may write fewer. */
export function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
