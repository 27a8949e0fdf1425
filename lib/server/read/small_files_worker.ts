/**
 * The Worker that reads small files. All calls are synchronous, which blocks only this thread.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { identityOf, identityOfInfo, isSameIdentity } from "../../fs/file_identity.ts";
import {
  diskPath,
  isInside,
  OPEN_FLAGS,
  type SharedFile,
  type SharedFolder,
} from "../shared_file.ts";
import type { SmallFile, SmallFilesCommand, SmallFilesReply } from "./small_files.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<SmallFilesCommand>) => void;
  postMessage(reply: SmallFilesReply, transfer: ArrayBuffer[]): void;
};
let folder: SharedFolder;

scope.onmessage = ({ data: command }) => {
  if (command.type === "begin") {
    folder = command.folder;
    scope.postMessage({ contents: [], durationMs: 0 }, []);
    return;
  }
  const start = performance.now();
  const buffer = new ArrayBuffer(command.files.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  const contents = command.files.map((file) => {
    const bytes = new Uint8Array(buffer, at, file.size);
    at += file.size;
    try {
      return read(file, bytes);
    } catch {
      return null;
    }
  });
  scope.postMessage({ contents, durationMs: performance.now() - start }, [buffer]);
};

function read(file: SharedFile, bytes: Uint8Array): SmallFile | null {
  const real = Deno.realPathSync(diskPath(folder.root, file.path));
  if (!isInside(folder, real)) return null;
  // Check before the open: Deno 2.4 uses the flag values of macOS, so a named pipe in the file's
  // place would block this thread, and with it all clients.
  if (!isSameIdentity(file, identityOfInfo(Deno.lstatSync(real)))) return null;
  const fd = openSync(real, OPEN_FLAGS);
  try {
    for (let got = 0; got < bytes.length;) {
      const read = readSync(fd, bytes, got, bytes.length - got, got);
      if (read === 0) return null;
      got += read;
    }
    // Check after the read: a write between an earlier check and the read would be missed.
    if (!isSameIdentity(file, identityOf(fstatSync(fd)))) return null;
    return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
  } finally {
    closeSync(fd);
  }
}
