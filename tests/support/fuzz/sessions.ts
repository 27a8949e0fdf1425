/**
 * Valid sessions, which are mutated.
 *
 * @module
 */
import { MessageType } from "../../../lib/protocol/message.ts";
import { encodePayload, type ListedFile } from "../../../lib/protocol/payloads.ts";
import { type Draft, draft } from "./mutate.ts";

/** A listed file without content. */
export const FILE: ListedFile = { path: "a/ä.bin", size: 3000, modified: 1e12, version: "v1" };
/** The length of each requested chunk, in bytes, and the number of chunks. */
export const CHUNK = 1000;
export const CHUNKS = 3;

/** The messages of a client that requests files in chunks, and their digests. */
export function clientDrafts(files: readonly ListedFile[]): Draft[] {
  let requestId = 0;
  const requests = files.flatMap(({ path, version }) => {
    const gets = Array.from({ length: CHUNKS }, (_, i) => {
      const payload = encodePayload({ path, version, offset: i * CHUNK, length: CHUNK });
      return draft(MessageType.GET, payload, { requestId: ++requestId });
    });
    const digests = [{}, { offset: 0, length: CHUNK }, { fresh: true }].map((options) => {
      const payload = encodePayload({ path, version, algorithm: "sha256", ...options });
      return draft(MessageType.DIGEST, payload, { requestId: ++requestId });
    });
    return [...gets, ...digests];
  });
  return [
    draft(MessageType.PING, new Uint8Array()),
    ...requests,
    draft(MessageType.GOODBYE, encodePayload({ reason: "done" })),
  ];
}

/** The messages of a server that answers requests for the chunks of `FILE` and its digest. */
export function serverDrafts(): Draft[] {
  const welcome = encodePayload({
    protocol: 1,
    server: "sluice/1",
    maxChunk: 1_048_576,
    maxRequests: 16,
    authentication: null,
  });
  const first = encodePayload({ revision: 1, complete: true, files: [FILE], removed: [] });
  const second = encodePayload({
    revision: 2,
    complete: false,
    files: [{ ...FILE, path: "b" }],
    removed: ["c"],
  });
  const chunks = Array.from(
    { length: CHUNKS },
    (_, i) =>
      draft(MessageType.CHUNK, new Uint8Array(CHUNK).fill(i), {
        requestId: i + 1,
        offset: i * CHUNK,
      }),
  );
  const error = encodePayload({ code: "changed", message: "It has changed" });
  return [
    draft(MessageType.WELCOME, welcome),
    draft(MessageType.LIST, first),
    draft(MessageType.PING, new Uint8Array()),
    ...chunks,
    draft(MessageType.LIST, second),
    draft(MessageType.DIGEST_RESULT, encodePayload({ digest: "0f".repeat(32) }), {
      requestId: CHUNKS + 1,
    }),
    draft(MessageType.ERROR, error, { requestId: CHUNKS + 2 }),
    draft(MessageType.GOODBYE, encodePayload({ reason: "done" })),
  ];
}
