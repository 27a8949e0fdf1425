/**
 * The Worker that reads small files. Everything is synchronous, which blocks nobody but this
 * thread.
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
    scope.postMessage({ contents: [], took: 0 }, []);
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
  scope.postMessage({ contents, took: performance.now() - start }, [buffer]);
};

function read(file: SharedFile, bytes: Uint8Array): SmallFile | null {
  const real = Deno.realPathSync(diskPath(folder.root, file.path));
  if (!isInside(folder, real)) return null;
  // Looks before it opens: Deno 2.4 has the flags of macOS everywhere, so there a named pipe that
  // has come in the file's place would keep this thread, and all clients with it.
  if (!isSameIdentity(file, identityOfInfo(Deno.lstatSync(real)))) return null;
  const fd = openSync(real, OPEN_FLAGS);
  try {
    for (let got = 0; got < bytes.length;) {
      const read = readSync(fd, bytes, got, bytes.length - got, got);
      if (read === 0) return null;
      got += read;
    }
    // Behind the reading: a write between an earlier look and the read would go unseen.
    if (!isSameIdentity(file, identityOf(fstatSync(fd)))) return null;
    return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
  } finally {
    closeSync(fd);
  }
}
