/**
 * The command to the Worker that reads small files, and its reply: few values for many
 * files, since each value that goes to another thread is copied by itself.
 *
 * @module
 */
import { encodePayload } from "../../protocol/payloads.ts";
import { FRAME_SIZE } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import type { FileIdentity } from "../../fs/file_identity.ts";
import type { SharedFolder } from "../shared_file.ts";

/** Digits of a digest. */
const DIGITS = 64;

/** How many bytes the message with a digest has that stands before a chunk. */
export const DIGEST_MESSAGE_SIZE = FRAME_SIZE +
  encodePayload({ digest: "0".repeat(DIGITS) }).length;

/** A whole small file to be read. */
export interface BatchedFile extends FileIdentity {
  readonly requestId: number;
  readonly path: string;
  readonly size: number;
  /** Whether it is a link, which leads to the listed file. */
  readonly isLink: boolean;
  /** Whether the response begins with its digest. */
  readonly sendsDigest: boolean;
  /** Whether its digest is to be computed, if `digest` is empty. */
  readonly wantsDigest: boolean;
  /** The digest, if it is known, else empty. */
  readonly digest: string;
}

/** The same of many files. */
export interface PackedFiles {
  /** Path, version, stamp and digest of each, with a NUL after each of the four. */
  readonly words: string;
  /** Request id, size, device and flags of each. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** The commands to the Worker, in this order: where it is, then which files to read. */
export type SmallFilesCommand =
  | { readonly type: "begin"; readonly folder: SharedFolder }
  | {
    readonly type: "read";
    readonly files: PackedFiles;
    readonly endpoints: Endpoints;
    /** Where to; it goes back with the reply. */
    readonly buffer: Uint8Array<ArrayBuffer>;
  };

/** The Worker's result: the files before the first one that cannot be read. */
export interface SmallFilesReply {
  /** The command's, or null if it was `begin`. */
  readonly buffer: Uint8Array<ArrayBuffer> | null;
  /** How many bytes of messages are in it, and of how many files. */
  readonly length: number;
  readonly count: number;
  /** The computed digests of 64 digits each, without separators. */
  readonly digests: string;
  /** How long the reading took, in milliseconds. */
  readonly took: number;
}

const WORDS = 4;
const NUMBERS = 4;
const IS_LINK = 1;
const SENDS_DIGEST = 2;
const WANTS_DIGEST = 4;

/** The size of the response to a request for a whole file, in bytes. */
export function framedSize(size: number, sendsDigest: boolean): number {
  return size + FRAME_SIZE + (sendsDigest ? DIGEST_MESSAGE_SIZE : 0);
}

/** Packs files for the Worker. */
export function packFiles(files: readonly BatchedFile[]): PackedFiles {
  const numbers = new Float64Array(files.length * NUMBERS);
  let words = "";
  for (const [i, file] of files.entries()) {
    words += `${file.path}\0${file.version}\0${file.stamp}\0${file.digest}\0`;
    const flags = (file.isLink ? IS_LINK : 0) | (file.sendsDigest ? SENDS_DIGEST : 0) |
      (file.wantsDigest ? WANTS_DIGEST : 0);
    numbers.set([file.requestId, file.size, file.device, flags], i * NUMBERS);
  }
  return { words, numbers };
}

/** The files that were packed, one after the other. */
export function* unpackFiles({ words, numbers }: PackedFiles): Generator<BatchedFile> {
  const parts = words.split("\0");
  for (let i = 0, at = 0; at < numbers.length; i += WORDS, at += NUMBERS) {
    const flags = numbers[at + 3]!;
    yield {
      path: parts[i]!,
      version: parts[i + 1]!,
      stamp: parts[i + 2]!,
      digest: parts[i + 3]!,
      requestId: numbers[at]!,
      size: numbers[at + 1]!,
      device: numbers[at + 2]!,
      isLink: (flags & IS_LINK) !== 0,
      sendsDigest: (flags & SENDS_DIGEST) !== 0,
      wantsDigest: (flags & WANTS_DIGEST) !== 0,
    };
  }
}

/** The digests of a reply. */
export function* unpackDigests(digests: string): Generator<string> {
  for (let at = 0; at < digests.length; at += DIGITS) yield digests.slice(at, at + DIGITS);
}
