/**
 * Whether the disk has room for the files to download.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { mayAskDisk } from "../../fs/disk_kind.ts";
import { lstatOrNull } from "../../fs/not_found.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import type { OutputFolder } from "./output_folder.ts";

/** Bytes. */
export interface LackOfSpace {
  /** Free bytes on the disk. */
  readonly free: number;
  /** Bytes that the files still need. */
  readonly needed: number;
}

/**
 * Compares what the files need with what is free; null if there is room, or if that is not known.
 *
 * Files on disk are looked at only if the disk has not even room for all of them.
 */
export function lackOfSpace(
  files: () => Iterable<ListedFile>,
  output: OutputFolder,
): LackOfSpace | null {
  const free = freeBytes(output.root);
  if (free === null) return null;
  let needed = 0;
  for (const { size } of files()) needed += size;
  if (needed <= free) return null;
  for (const file of files()) needed -= bytesOnDisk(file, output);
  return needed > free ? { free, needed } : null;
}

/** The bytes that a user may write on the disk of a path; null if that is not known. */
function freeBytes(path: string): number | null {
  try {
    if (!mayAskDisk()) return null;
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** The bytes of a file that take room already, complete or in part. */
function bytesOnDisk({ path, size }: ListedFile, output: OutputFolder): number {
  try {
    if (output.statFinal(path)?.size === size) return size;
    const data = lstatOrNull(output.workPath(path).data);
    return Math.min(size, data?.size ?? 0);
  } catch {
    // An obstacle under its name fails the file later.
    return 0;
  }
}
