/**
 * DIGEST requests in, DIGEST_RESULT messages out, each as soon as its digest is known.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";
import { MessageType } from "../../protocol/message.ts";
import { type DigestRequest, encodePayload } from "../../protocol/payloads.ts";
import type { Catalog } from "../folder/catalog.ts";
import type { DigestCache, FilePart } from "../read/digest_cache.ts";
import type { SharedFile } from "../shared_file.ts";

/** The resources for answering. */
export interface DigestResources {
  readonly connection: Connection;
  readonly catalog: Catalog;
  readonly digests: DigestCache;
  /** Takes each refusal of a request, and the path that the request names. */
  readonly refused: (error: WireError, path: string | null) => void;
}

/** The responses to one client's DIGESTs. */
export class DigestResponses implements Disposable {
  readonly #resources: DigestResources;

  constructor(resources: DigestResources) {
    this.#resources = resources;
  }

  /**
   * Answers a request; resolves once that is sent.
   *
   * @param request The request, or the reason to refuse it.
   * @throws {Error} If the connection is closed.
   */
  async answer(requestId: number, request: DigestRequest | WireError): Promise<void> {
    const { connection, catalog, digests, refused } = this.#resources;
    try {
      if (request instanceof WireError) throw request;
      const file = catalog.find(request.path, request.version);
      const options = { part: partOf(request, file), fresh: request.fresh };
      const digest = await digests.of(file, () => catalog.opener.realFile(file), this, options);
      const payload = encodePayload({ digest });
      await connection.send({ type: MessageType.DIGEST_RESULT, requestId, payload });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      refused(error, request instanceof WireError ? null : request.path);
      const payload = encodePayload({ code: error.code, message: error.message });
      await connection.send({ type: MessageType.ERROR, requestId, payload });
    }
  }

  /** Cancels the digests that only this client waits for. */
  [Symbol.dispose](): void {
    this.#resources.digests.cancelFor(this);
  }
}

/**
 * The part of a file that a request is about; undefined for the whole file.
 *
 * @throws {WireError} `bad-request` if it is not within the file.
 */
function partOf({ offset, length }: DigestRequest, { size }: SharedFile): FilePart | undefined {
  if (offset === undefined || length === undefined) return undefined;
  if (offset + length > size) {
    throw new WireError("bad-request", `The part is not within the file's ${size} bytes`);
  }
  return { offset, length };
}
