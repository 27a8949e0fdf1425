/**
 * The Worker that reads small files and makes messages of them. Everything is synchronous, which
 * blocks only this thread.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "@std/path";
import { identityOf, identityOfInfo, type Inode, isSameIdentity } from "../../fs/file_identity.ts";
import { lookUpSync } from "../../fs/lookups.ts";
import { RealFolders, type Way } from "../../fs/real_folders.ts";
import { nameOf, parentOf } from "../../fs/wire_path.ts";
import { encodeMessage, HEADER_SIZE, MessageFramer, MessageType } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import { diskPath, isInside, type SharedFolder, wirePathOf } from "../shared_file.ts";
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
  batch.prove();
  const { length, count, digests } = batch;
  const took = performance.now() - start;
  scope.postMessage({ buffer, length, count, digests, took }, [buffer.buffer]);
};

/** A folder from which files of a batch were read. */
interface ReadFolder {
  readonly way: Way;
  /** The path on disk. */
  readonly path: string;
  /** The files that were read, and their places in the batch, by name. */
  readonly files: Map<string, Inode>;
  readonly places: Map<string, number>;
}

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
  readonly #realFolders = new RealFolders(folder.root);
  /** By path in the shared folder. */
  readonly #folders = new Map<string, ReadFolder>();
  /** `length` and the length of `digests` before each file. */
  readonly #starts: { readonly length: number; readonly digests: number }[] = [];

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
    this.#starts.push({ length: this.length, digests: this.digests.length });
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

  /** Drops the files from the first one on that is not proven to be inside the shared folder. */
  prove(): void {
    for (const { way, files, places } of this.#folders.values()) {
      const proven = this.#proven(way, files);
      for (const [name, place] of places) {
        if (!proven?.has(name)) this.#cut(place);
      }
    }
  }

  #proven(way: Way, files: ReadonlyMap<string, Inode>): ReadonlySet<string> | null {
    try {
      return lookUpSync(this.#realFolders.prove(way, files));
    } catch {
      // Reading the files one by one gives the reason.
      return null;
    }
  }

  #cut(place: number): void {
    if (place >= this.count) return;
    const { length, digests } = this.#starts[place]!;
    this.count = place;
    this.length = length;
    this.digests = this.digests.slice(0, digests);
  }

  /** Fills a buffer with a file's whole content; it is the listed one if `prove` keeps it. */
  #read(file: BatchedFile, content: Uint8Array): void {
    if (file.isLink) {
      this.#readListed(file, this.#linkedPath(file), content);
      return;
    }
    const parent = parentOf(file.path);
    const into = this.#folders.get(parent) ?? this.#enter(parent);
    const name = nameOf(file.path);
    into.files.set(name, this.#readListed(file, join(into.path, name), content));
    into.places.set(name, Math.min(this.count, into.places.get(name) ?? Infinity));
  }

  /** Opens and reads what is at a path, and checks that it is as it is listed. */
  #readListed(file: BatchedFile, path: string, content: Uint8Array): Inode {
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
      const stats = fstatSync(fd);
      assertListed(file, identityOf(stats));
      return stats;
    } finally {
      closeSync(fd);
    }
  }

  #enter(parent: string): ReadFolder {
    const way = lookUpSync(this.#realFolders.enter(parent));
    if (!way) throw new Error("There is no such folder");
    const entered = {
      way,
      path: diskPath(folder.root, parent),
      files: new Map<string, Inode>(),
      places: new Map<string, number>(),
    };
    this.#folders.set(parent, entered);
    return entered;
  }

  /** The path of the listed file to which a link leads. */
  #linkedPath(file: BatchedFile): string {
    const real = Deno.realPathSync(diskPath(folder.root, file.path));
    if (!isInside(folder, real)) throw new Error("The file is outside the shared folder");
    const info = lookUpSync(this.#realFolders.find(wirePathOf(folder.root, real)!));
    if (!info) throw new Error("There is no such file");
    assertListed(file, identityOfInfo(info));
    return real;
  }
}

function assertListed(file: BatchedFile, found: Parameters<typeof isSameIdentity>[0]): void {
  if (!isSameIdentity(file, found)) throw new Error("The file is not as it is listed");
}
