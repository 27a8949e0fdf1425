/**
 * Reading a part of a shared file: from memory at once, from a disk in the background.
 *
 * @module
 */
import { readSync } from "node:fs";
import type { FileLease } from "./open_files.ts";

/**
 * Fills a buffer from a file.
 *
 * @param offset The position in the file of the buffer's first byte.
 * @returns Whether the file has as much.
 */
export async function readFully(
  { handle, pace, disk }: FileLease,
  target: Uint8Array,
  offset: number,
): Promise<boolean> {
  for (let got = 0; got < target.length;) {
    const [at, left] = [offset + got, target.length - got];
    const bytesRead = pace.isQuick
      ? pace.readSync(() => readSync(handle.fd, target, got, left, at))
      : await pace.readAsync(async () =>
        (await disk.run(() => handle.read(target, got, left, at))).bytesRead
      );
    if (bytesRead === 0) return false;
    got += bytesRead;
  }
  return true;
}
