/**
 * The chunks that a client requests, decoded from the bytes that it sends.
 *
 * @module
 */
import {
  checkFooter,
  decodeHeader,
  FOOTER_SIZE,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageType,
} from "../../lib/protocol/message.ts";
import { type GetRequest, parseGetRequest } from "../../lib/protocol/payloads.ts";
import { ProtocolError } from "../../lib/errors.ts";

/** A GET, and the time when it was seen, in milliseconds on the clock of `performance.now`. */
export interface RecordedGet extends GetRequest {
  readonly at: number;
}

/** The first byte of every message. */
const MAGIC_START = 0x53;

/** Records the GETs of one client, over all of its connections in turn. */
export class GetRecorder {
  readonly gets: RecordedGet[] = [];
  #pending = new Uint8Array();

  /** Takes the client's bytes; the `fromClient` of a relay. */
  readonly take = (bytes: Uint8Array): void => {
    const at = performance.now();
    this.#pending = Uint8Array.from([...this.#pending, ...bytes]);
    for (let message = this.#next(); message; message = this.#next()) {
      if (message.type !== MessageType.GET) continue;
      this.gets.push({ ...parseGetRequest(message.payload), at });
    }
  };

  /** How many bytes of a file were requested in a span of time. */
  bytesOf(path: string, from = -Infinity, to = Infinity): number {
    return this.gets
      .filter((get) => get.path === path && get.at >= from && get.at < to)
      .reduce((sum, { length }) => sum + length, 0);
  }

  /** The next whole message, if there is one. */
  #next(): { type: MessageType; payload: Uint8Array } | undefined {
    while (this.#pending.length >= HEADER_SIZE) {
      try {
        const { type, length } = decodeHeader(this.#pending, "client", MAX_CHUNK_PAYLOAD);
        const end = HEADER_SIZE + length + FOOTER_SIZE;
        if (this.#pending.length < end) return undefined;
        checkFooter(this.#pending.subarray(HEADER_SIZE, end));
        const payload = this.#pending.slice(HEADER_SIZE, HEADER_SIZE + length);
        this.#pending = this.#pending.slice(end);
        return { type, payload };
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        // A connection was cut in the middle of a message; the next one's bytes follow.
        const start = this.#pending.indexOf(MAGIC_START, 1);
        this.#pending = this.#pending.slice(start === -1 ? this.#pending.length : start);
      }
    }
    return undefined;
  }
}
