/**
 * The data of a complete file between its flush and its rename.
 *
 * @module
 */
import { isSameInode } from "../../fs/file_identity.ts";
import { lstatOrNull } from "../../fs/not_found.ts";
import type { WriteHandles } from "./write_handles.ts";

/**
 * Takes the open data of a file that was flushed, which must not have been replaced since. It is
 * opened again if its handle was needed for others.
 *
 * @param path The path of the data.
 * @param synced The data's metadata after the flush.
 * @throws {Error} If it was removed or replaced.
 */
export function takeSynced(
  handles: WriteHandles,
  path: string,
  synced: Deno.FileInfo,
): Deno.FsFile {
  const wasOpen = handles.holds(path);
  const there = lstatOrNull(path);
  if (!isSameInode(there, synced)) throw replaced();
  const data = handles.take(path);
  // The number of a file that was closed may be in use again, but not with the same times.
  if (wasOpen || isUnchanged(data.statSync(), synced)) return data;
  data.close();
  throw replaced();
}

function isUnchanged(now: Deno.FileInfo, before: Deno.FileInfo): boolean {
  return isSameInode(now, before) && now.size === before.size &&
    now.mtime?.getTime() === before.mtime?.getTime() &&
    now.ctime?.getTime() === before.ctime?.getTime();
}

function replaced(): Error {
  return new Error("its data was removed or replaced while it was being written");
}
