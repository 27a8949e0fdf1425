/**
 * Digests that stand before the chunks of whole files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { FileIdentity } from "../../fs/file_identity.ts";
import { encodeMessage, MessageType } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import type { DigestCache } from "./digest_cache.ts";
import type { RequestedPiece } from "./requested_piece.ts";

/** Files up to this size, in bytes, are hashed as they are read. */
const HASHED_AS_READ = 256 * 1024;

/** The digests for one client. */
export class InlineDigests {
  readonly #cache: DigestCache;
  readonly #endpoints: Endpoints;
  readonly #learns: boolean;

  /** @param learns Whether digests are computed even if the request does not ask for them. */
  constructor(cache: DigestCache, endpoints: Endpoints, learns: boolean) {
    this.#cache = cache;
    this.#endpoints = endpoints;
    this.#learns = learns;
  }

  /**
   * The parts that are sent before a chunk: the message with the file's digest; nothing if the
   * digest is not requested, or is unknown and would take long.
   *
   * @param content The chunk, or its beginning.
   * @param identity The identity of the file that was read.
   */
  before(
    { file: { path, size }, requestId, digest: isAsked }: RequestedPiece,
    content: Uint8Array,
    identity: FileIdentity,
  ): Uint8Array[] {
    const file = { path, ...identity };
    let digest = this.#cache.known(file);
    const isWanted = isAsked || this.#learns && !this.#cache.has(file);
    const isSoonHashed = content.length === size && size <= HASHED_AS_READ;
    if (digest === undefined && isWanted && isSoonHashed) {
      digest = createHash("sha256").update(content).digest("hex");
      this.#cache.store(file, digest);
    }
    if (!isAsked || digest === undefined) return [];
    const type = MessageType.DIGEST_RESULT;
    const header = { type, requestId, more: true, offset: 0, ...this.#endpoints };
    return [encodeMessage(header, encodePayload({ digest }))];
  }
}
