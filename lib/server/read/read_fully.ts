/**
 * Reading a part of a shared file: from memory at once, from a disk in the background.
 *
 * @module
 */
import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers";
import type { FileLease } from "./open_files.ts";

/** The end of this turn of the event loop, which all wait for together who wait for it. */
let turn: Promise<void> | undefined;

/** Waits until a part of a file should be read. */
export async function turnToRead(
  { warm }: FileLease,
  offset: number,
  length: number,
): Promise<void> {
  if (!warm.isLikelyCached(offset, length)) {
    // Once: if somebody who reads it just now fails, this one finds out for itself.
    await warm.inFlight(offset);
    return;
  }
  // What comes from memory lets nobody wait, so others would not have their turn until the system
  // takes no more from this one.
  turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined;
      resolve();
    })
  );
  await turn;
}

/**
 * Fills a buffer from a file.
 *
 * @param offset The position in the file of the buffer's first byte.
 * @returns Whether the file has as much.
 */
export async function readFully(
  { handle, warm }: FileLease,
  target: Uint8Array,
  offset: number,
): Promise<boolean> {
  for (let got = 0; got < target.length;) {
    const [start, left] = [offset + got, target.length - got];
    const bytesRead = warm.isLikelyCached(start, left)
      ? warm.readSync(start, () => readSync(handle.fd, target, got, left, start))
      : await warm.readAsync(start, read(handle, target.subarray(got), start));
    if (bytesRead === 0) return false;
    got += bytesRead;
  }
  return true;
}

async function read(handle: FileHandle, target: Uint8Array, offset: number): Promise<number> {
  return (await handle.read(target, 0, target.length, offset)).bytesRead;
}
