/**
 * Reading a part of a shared file: from memory at once, from a disk in the background.
 *
 * @module
 */
import { readSync } from "node:fs";
import type { FileLease } from "./open_files.ts";

/** How often a part is read again because something touched its file meanwhile. */
const MAX_REREADS = 3;

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

/**
 * Fills a buffer from a file that nothing touches meanwhile.
 *
 * @param offset The position in the file of the buffer's first byte.
 * @param prove Resolves when the file has shown, after this call, that it has the listed version.
 * @throws What `prove` throws, or an `Error` if the file does not have as much.
 */
export async function readUntouched(
  lease: FileLease,
  target: Uint8Array,
  offset: number,
  prove: () => Promise<void>,
): Promise<void> {
  for (let rereads = 0;; rereads++) {
    const { identity } = lease.proof;
    const isThere = await readFully(lease, target, offset);
    await prove();
    if (!isThere) throw new Error("The file is shorter than the system says");
    // If something touches the file at every read, only its digest shows whether that was a write.
    if (rereads === MAX_REREADS || lease.proof.identity === identity) return;
  }
}
