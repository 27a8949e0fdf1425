/**
 * The Worker that reads small files and makes messages of them. Everything is synchronous, which
 * blocks only this thread.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join, SEPARATOR } from "@std/path";
import { identityOf, identityOfInfo, isSameIdentity } from "../../fs/file_identity.ts";
import { encodeMessage, HEADER_SIZE, MessageFramer, MessageType } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import { diskPath, isInside, type SharedFolder } from "../shared_file.ts";
import { HAS_OPEN_FLAGS, OPEN_FLAGS } from "./open_flags.ts";
import {
  type BatchedFile,
  DIGEST_MESSAGE_SIZE,
  type SmallFilesCommand,
  type SmallFilesReply,
  unpackFiles,
} from "./small_files_batch.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<SmallFilesCommand>) => void;
  postMessage(reply: SmallFilesReply, transfer: ArrayBuffer[]): void;
};
let folder: SharedFolder;

scope.onmessage = ({ data: command }) => {
  if (command.type === "begin") {
    folder = command.folder;
    scope.postMessage({ buffer: null, length: 0, count: 0, digests: "", took: 0 }, []);
    return;
  }
  const { files, endpoints, buffer } = command;
  const start = performance.now();
  const batch = new Batch(buffer, endpoints);
  try {
    for (const file of unpackFiles(files)) batch.add(file);
  } catch {
    // The files before it are sent; reading this one by itself gives the reason.
  }
  const { length, count, digests } = batch;
  const took = performance.now() - start;
  scope.postMessage({ buffer, length, count, digests, took }, [buffer.buffer]);
};

/** Consecutive messages in a buffer. */
class Batch {
  /** The size of the whole responses, in bytes. */
  length = 0;
  /** The number of whole responses. */
  count = 0;
  /** Digests that were computed for them. */
  digests = "";
  readonly #buffer: Uint8Array;
  readonly #endpoints: Endpoints;
  /** The real paths of folders that are inside the shared one, by their paths in it. */
  readonly #realFolders = new Map<string, string>();

  constructor(buffer: Uint8Array, endpoints: Endpoints) {
    this.#buffer = buffer;
    this.#endpoints = endpoints;
  }

  /**
   * Adds the response for a file.
   *
   * @throws {Error} If the file cannot be had as it is listed.
   */
  add(file: BatchedFile): void {
    const { requestId, size, sendsDigest } = file;
    const at = this.length + (sendsDigest ? DIGEST_MESSAGE_SIZE : 0);
    const chunk = this.#buffer.subarray(at);
    const content = chunk.subarray(HEADER_SIZE, HEADER_SIZE + size);
    this.#read(file, content);
    let { digest } = file;
    if (digest === "" && file.wantsDigest) {
      digest = createHash("sha256").update(content).digest("hex");
      this.digests += digest;
    }
    const header = { requestId, offset: 0, ...this.#endpoints };
    if (sendsDigest) {
      const type = MessageType.DIGEST_RESULT;
      const message = encodeMessage({ type, more: true, ...header }, encodePayload({ digest }));
      this.#buffer.set(message, this.length);
    }
    const framer = new MessageFramer({
      type: MessageType.CHUNK,
      more: false,
      length: size,
      ...header,
    });
    this.length = at + framer.frame(chunk, size).length;
    this.count++;
  }

  /** Fills a buffer with a file's whole content, proven to be the listed one. */
  #read(file: BatchedFile, content: Uint8Array): void {
    const path = this.#realPath(file);
    // Without them an open would block on a named pipe in the file's place.
    if (!HAS_OPEN_FLAGS) assertListed(file, identityOfInfo(Deno.lstatSync(path)));
    const fd = openSync(path, OPEN_FLAGS);
    try {
      for (let got = 0; got < content.length;) {
        const read = readSync(fd, content, got, content.length - got, got);
        if (read === 0) throw new Error("The file is shorter than it is listed");
        got += read;
      }
      // Behind the reading: a write between an earlier check and the read would go unseen.
      assertListed(file, identityOf(fstatSync(fd)));
    } finally {
      closeSync(fd);
    }
  }

  /**
   * A path without links that is inside the shared folder. For files that are not links only the
   * folder is asked for, once: the open follows no link in a file's place.
   */
  #realPath({ path, isLink }: BatchedFile): string {
    if (isLink) return assertInside(Deno.realPathSync(diskPath(folder.root, path)));
    const cut = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, cut));
    const known = this.#realFolders.get(parent);
    const real = known ?? realFolder(parent);
    if (known === undefined) this.#realFolders.set(parent, real);
    return real + path.slice(cut + 1);
  }
}

/** The real path of a folder that is inside the shared one, with a separator behind it. */
function realFolder(path: string): string {
  const real = Deno.realPathSync(diskPath(folder.root, path));
  return join(real === folder.root ? real : assertInside(real), SEPARATOR);
}

function assertInside(path: string): string {
  if (!isInside(folder, path)) throw new Error("The file is outside the shared folder");
  return path;
}

function assertListed(file: BatchedFile, found: Parameters<typeof isSameIdentity>[0]): void {
  if (!isSameIdentity(file, found)) throw new Error("The file is not as it is listed");
}
