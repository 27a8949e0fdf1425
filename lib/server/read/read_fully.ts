/**
 * Reads a part of a shared file: synchronously if it is likely in memory, else in the background.
 *
 * @module
 */
import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers";
import type { FileLease } from "./open_files.ts";

/** Resolves at the end of this turn of the event loop; shared by all that wait for it. */
let endOfTurn: Promise<void> | undefined;

/** Waits until a part of a file should be read. */
export async function waitToRead(
  { recentReads }: FileLease,
  offset: number,
  length: number,
): Promise<void> {
  if (!recentReads.isLikelyCached(offset, length)) {
    // Only once: if that read fails, the caller's own read reports the error.
    await recentReads.inFlight(offset);
    return;
  }
  // Synchronous reads do not yield, so one client would starve the others until its socket is full.
  endOfTurn ??= new Promise((resolve) =>
    setImmediate(() => {
      endOfTurn = undefined;
      resolve();
    })
  );
  await endOfTurn;
}

/**
 * Fills a buffer from a file.
 *
 * @param offset The position in the file of the buffer's first byte.
 * @returns False if the file ends before the buffer is full.
 */
export async function readFully(
  { handle, recentReads }: FileLease,
  target: Uint8Array,
  offset: number,
): Promise<boolean> {
  for (let got = 0; got < target.length;) {
    const [start, left] = [offset + got, target.length - got];
    const bytesRead = recentReads.isLikelyCached(start, left)
      ? recentReads.readSync(start, () => readSync(handle.fd, target, got, left, start))
      : await recentReads.readAsync(start, read(handle, target.subarray(got), start));
    if (bytesRead === 0) return false;
    got += bytesRead;
  }
  return true;
}

async function read(handle: FileHandle, target: Uint8Array, offset: number): Promise<number> {
  return (await handle.read(target, 0, target.length, offset)).bytesRead;
}
