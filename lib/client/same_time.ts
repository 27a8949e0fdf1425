/**
 * Whether a file on the disk is as old as the server's.
 *
 * @module
 */
import type { ListedFile } from "../protocol/payloads.ts";

/** Modification times closer than this, in milliseconds, are taken for the same. */
const SAME_TIME_MS = 2_000;

/** Whether two files were modified at the same time, as exactly as all file systems keep it. */
export function hasSameTime(info: Deno.FileInfo, { modified }: ListedFile): boolean {
  return Math.abs((info.mtime?.getTime() ?? 0) - modified) < SAME_TIME_MS;
}
