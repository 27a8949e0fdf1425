/**
 * The payloads of structured messages: one JSON object each, with a type, a parser and a common
 * encoder. Pure.
 *
 * A parser reads the members that the specification names and ignores others. It throws a
 * `TypeError` for a malformed payload; the caller decides whether that is a `bad-request` of one
 * request or the end of the connection.
 *
 * @module
 */
import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import { MAX_CHARACTER_BYTES, startOf } from "../text/start_of.ts";

/** The feature of a server that a GET can request the file's digest. */
export const INLINE_DIGEST = "inline-digest";
/** The feature of a server that a DIGEST can be about a part of a file, or fresh. */
export const RANGE_DIGEST = "range-digest";

/** The first message of a server. */
export interface Welcome {
  readonly protocol: number;
  /** Name and version of the server's program. */
  readonly server: string;
  /** The largest `length` of a GET, in bytes. */
  readonly maxChunk: number;
  /** How many requests may be open on the connection. */
  readonly maxRequests: number;
  /** The challenge to which the client must respond, or null if there is none. */
  readonly authentication: Challenge | null;
  /** The server's features beyond the first version of the protocol. @default {[]} */
  readonly features?: readonly string[];
}

/** The challenge to which a LOGIN responds. */
export interface Challenge {
  readonly method: "hmac-sha256";
  /** 64 hexadecimal digits. */
  readonly nonce: string;
}

/** A client's response to a challenge. */
export interface Login {
  /** 64 hexadecimal digits. */
  readonly proof: string;
}

/** One file of the server's folder. */
export interface ListedFile {
  /** Relative, `/` between segments. From a peer: check it with `isWirePath` before use. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly modified: number;
  /** Opaque; differs whenever the content may have changed. */
  readonly version: string;
}

/** One page of the server's list, or of a change of it. */
export interface ListPage {
  readonly revision: number;
  /** Whether the pages of this revision are the whole list or a change. */
  readonly complete: boolean;
  readonly files: readonly ListedFile[];
  /** Paths of files that do not exist any more. */
  readonly removed: readonly string[];
}

/** A request for one chunk. */
export interface GetRequest {
  readonly path: string;
  readonly version: string;
  /** Bytes. */
  readonly offset: number;
  /** Bytes, 1…`maxChunk`. */
  readonly length: number;
  /** Whether the digest of the file is asked for, too: of a whole file only. @default {false} */
  readonly digest?: boolean;
}

/** A request for the digest of a file, or of a part of it. */
export interface DigestRequest {
  readonly path: string;
  readonly version: string;
  readonly algorithm: "sha256";
  /** Bytes; the part of the file, both or neither. @default {the whole file} */
  readonly offset?: number;
  readonly length?: number;
  /** Whether a remembered digest does not do. @default {false} */
  readonly fresh?: boolean;
}

/** The digest of a file, or of a part of it. */
export interface DigestResult {
  /** 64 lower-case hexadecimal digits. */
  readonly digest: string;
}

/** The reason why a request or a connection failed. */
export interface ErrorPayload {
  readonly code: ErrorCode;
  /** From a peer: sanitize it before it is shown on a terminal. */
  readonly message: string;
}

/** The reason why a side ends the connection. */
export interface Goodbye {
  readonly reason: string;
}

/** The longest path, in bytes of UTF-8. */
export const MAX_PATH_BYTES = 4096;
/** The longest text for people, in bytes of UTF-8; a longer one is cut. */
const MAX_TEXT_BYTES = 1024;
/** The most features of a server that count. */
const MAX_FEATURES = 64;
/**
 * The longest version that either side accepts, in UTF-16 units: a GET must fit its payload limit,
 * and a server holds the requests of clients that do not read.
 */
const MAX_VERSION_LENGTH = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Encodes a structured payload. */
export function encodePayload(
  payload:
    | Welcome
    | Login
    | ListPage
    | GetRequest
    | DigestRequest
    | DigestResult
    | ErrorPayload
    | Goodbye,
): Uint8Array {
  return encoder.encode(JSON.stringify(payload));
}

/** @throws {TypeError} If the payload is malformed. */
export function parseWelcome(bytes: Uint8Array): Welcome {
  const members = parseObject(bytes);
  return {
    protocol: integer(members, "protocol", 1),
    server: shortText(members, "server"),
    maxChunk: integer(members, "maxChunk", 1),
    maxRequests: integer(members, "maxRequests", 1),
    authentication: members.authentication === null
      ? null
      : parseChallenge(object(members.authentication, "authentication")),
    ...(Array.isArray(members.features) ? { features: featuresOf(members.features) } : {}),
  };
}

function parseChallenge(members: Members): Challenge {
  if (members.method !== "hmac-sha256") throw new TypeError('"method" is not "hmac-sha256"');
  return { method: members.method, nonce: hexDigest(members, "nonce") };
}

/** @throws {TypeError} If the payload is malformed. */
export function parseLogin(bytes: Uint8Array): Login {
  return { proof: hexDigest(parseObject(bytes), "proof") };
}

/** @throws {TypeError} If the payload is malformed. */
export function parseListPage(bytes: Uint8Array): ListPage {
  const members = parseObject(bytes);
  if (typeof members.complete !== "boolean") throw new TypeError('"complete" is not a boolean');
  return {
    revision: integer(members, "revision", 0),
    complete: members.complete,
    files: array(members, "files").map((file) => parseListedFile(object(file, "files"))),
    removed: array(members, "removed").map((path) => listedPath({ path })),
  };
}

function parseListedFile(members: Members): ListedFile {
  return {
    path: listedPath(members),
    size: integer(members, "size", 0),
    modified: integer(members, "modified", Number.MIN_SAFE_INTEGER),
    version: versionOf(members),
  };
}

/** @throws {TypeError} If the payload is malformed, or its path is not a wire path. */
export function parseGetRequest(bytes: Uint8Array): GetRequest {
  const members = parseObject(bytes);
  return {
    path: wirePath(members),
    version: versionOf(members),
    offset: integer(members, "offset", 0),
    length: integer(members, "length", 1),
    ...(members.digest === true ? { digest: true } : {}),
  };
}

/** @throws {TypeError} If the payload is malformed, or its path is not a wire path. */
export function parseDigestRequest(bytes: Uint8Array): DigestRequest {
  const members = parseObject(bytes);
  const request = { path: wirePath(members), version: versionOf(members) };
  if (members.algorithm !== "sha256") throw new TypeError('"algorithm" is not "sha256"');
  const isOfPart = members.offset !== undefined || members.length !== undefined;
  return {
    ...request,
    algorithm: members.algorithm,
    ...(isOfPart
      ? { offset: integer(members, "offset", 0), length: integer(members, "length", 1) }
      : {}),
    ...(members.fresh === true ? { fresh: true } : {}),
  };
}

/** @throws {TypeError} If the payload is malformed. */
export function parseDigestResult(bytes: Uint8Array): DigestResult {
  return { digest: hexDigest(parseObject(bytes), "digest") };
}

/**
 * An unknown code is read as `bad-request`, so it is reported and not retried.
 *
 * @throws {TypeError} If the payload is malformed.
 */
export function parseErrorPayload(bytes: Uint8Array): ErrorPayload {
  const members = parseObject(bytes);
  const code = text(members, "code");
  return {
    code: ERROR_CODES.find((known) => known === code) ?? "bad-request",
    message: shortText(members, "message"),
  };
}

/** @throws {TypeError} If the payload is malformed. */
export function parseGoodbye(bytes: Uint8Array): Goodbye {
  return { reason: shortText(parseObject(bytes), "reason") };
}

/**
 * Whether a path has the form that the protocol allows: relative, no empty, `.` or `..` segment, no
 * NUL, valid Unicode, at most 4,096 bytes. Not guarded against: special meanings on a particular
 * file system or terminal (see `safe_path.ts`).
 */
export function isWirePath(path: string): boolean {
  return !path.includes("\0") && path.isWellFormed() &&
    (path.length * 3 <= MAX_PATH_BYTES || encoder.encode(path).length <= MAX_PATH_BYTES) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

type Members = Readonly<Record<string, unknown>>;

function parseObject(bytes: Uint8Array): Members {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new TypeError("the payload is not JSON in UTF-8", { cause: error });
  }
  return object(value, "the payload");
}

function object(value: unknown, name: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} is not an object`);
  }
  return value as Members;
}

function array(members: Members, name: string): readonly unknown[] {
  const value = members[name];
  if (!Array.isArray(value)) throw new TypeError(`"${name}" is not an array`);
  return value;
}

function text(members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== "string") throw new TypeError(`"${name}" is not a string`);
  return value;
}

/** A text for people, cut to what they read. */
function shortText(members: Members, name: string): string {
  return startOf(text(members, name), MAX_TEXT_BYTES);
}

/**
 * A path as it is listed. One over the limit is cut, but not to the limit: it stays too long, so
 * that it is refused, and does not become the path of another file.
 */
function listedPath(members: Members): string {
  return startOf(text(members, "path"), MAX_PATH_BYTES + MAX_CHARACTER_BYTES);
}

function featuresOf(values: readonly unknown[]): string[] {
  return values.slice(0, MAX_FEATURES).filter((feature) => typeof feature === "string")
    .map((feature) => startOf(feature, MAX_TEXT_BYTES));
}

function integer(members: Members, name: string, min: number): number {
  const value = members[name];
  if (!Number.isSafeInteger(value) || (value as number) < min) {
    throw new TypeError(`"${name}" is not an integer of ${min} or more`);
  }
  return value as number;
}

function hexDigest(members: Members, name: string): string {
  const value = text(members, name);
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new TypeError(`"${name}" is not 64 hex digits`);
  return value.toLowerCase();
}

function versionOf(members: Members): string {
  const version = text(members, "version");
  if (version.length > MAX_VERSION_LENGTH) throw new TypeError('"version" is too long');
  return version;
}

function wirePath(members: Members): string {
  const path = text(members, "path");
  if (!isWirePath(path)) throw new TypeError('"path" is not a relative path');
  return path;
}
