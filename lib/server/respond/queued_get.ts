/**
 * A GET that waits for its response: the piece to read, or the reason to refuse it.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { GetRequest } from "../../protocol/payloads.ts";
import type { Catalog } from "../folder/catalog.ts";
import type { RequestedPiece } from "../read/requested_piece.ts";
import type { SharedFile } from "../shared_file.ts";

/** The largest chunk that this server sends, in bytes. */
export const MAX_CHUNK = 1024 * 1024;

/** A refused request. It stays in line, so that responses keep the order of the requests. */
export interface RefusedGet {
  readonly requestId: number;
  readonly error: WireError;
}

/** A request in line; it keeps no text of the client's, which may be long. */
export type QueuedGet = RequestedPiece | RefusedGet;

/**
 * The piece that a request asks for.
 *
 * @throws {WireError} `not-found`, `changed` or `bad-request`.
 */
export function requestedPiece(
  requestId: number,
  { path, version, offset, length, digest }: GetRequest,
  catalog: Catalog,
): RequestedPiece {
  const file = catalog.find(path, version);
  const granted = lengthOf(offset, length, file);
  const isWhole = granted === file.size;
  return { requestId, file, offset, length: granted, digest: digest === true && isWhole };
}

/** How many bytes a request gets. */
function lengthOf(offset: number, length: number, { size }: SharedFile): number {
  if (length > MAX_CHUNK) {
    throw new WireError("bad-request", `A chunk is at most ${MAX_CHUNK} bytes`);
  }
  if (offset >= size) {
    throw new WireError("bad-request", `The offset is not below the file's ${size} bytes`);
  }
  return Math.min(length, size - offset);
}
