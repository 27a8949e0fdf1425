/**
 * One message of the wire protocol as bytes: header, payload, footer. Pure.
 *
 * Integers are unsigned and big-endian.
 *
 * ```
 * header   at  bytes
 *           0    4   magic "SLUI"
 *           4    1   version, 1
 *           5    1   type
 *           6    2   flags: bit 0 MORE
 *           8    4   request id, 0 in messages outside a request
 *          12    4   payload length
 *          16    8   offset in the file (CHUNK), else 0
 *          24   16   server address      addresses and ports as seen by the sender
 *          40    2   server port
 *          42   16   client address
 *          58    2   client port
 *          60    4   CRC-32 of bytes 0…59
 * payload  64  length
 * footer    0    4   CRC-32 of the payload, 0 for an empty one
 *           4    4   end mark "IULS"
 * ```
 *
 * `GET` of the first 5 bytes of `a`, version `v`, request 1, from 127.0.0.1:50000 to
 * 127.0.0.1:9009 (the test decodes this very dump):
 *
 * ```
 * 53 4c 55 49 01 04 00 00  00 00 00 01 00 00 00 30   SLUI v1 GET, request 1, 48 bytes
 * 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00   offset 0, server ::ffff:
 * 00 00 ff ff 7f 00 00 01  23 31 00 00 00 00 00 00   127.0.0.1 port 9009, client ::ffff:
 * 00 00 00 00 ff ff 7f 00  00 01 c3 50 4c af d3 0c   127.0.0.1 port 50000, CRC-32
 * {"path":"a","version":"v","offset":0,"length":5}
 * 36 75 a8 a6 49 55 4c 53                            CRC-32, IULS
 * ```
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { ProtocolError } from "../errors.ts";
import { type Endpoint, endpointAt } from "./ip_address.ts";

/** The header's size in bytes. */
export const HEADER_SIZE = 64;
/** The footer's size in bytes. */
export const FOOTER_SIZE = 8;
/** The bytes of a message beside its payload. */
export const FRAME_SIZE = HEADER_SIZE + FOOTER_SIZE;
/** The version of the protocol that this code implements. */
export const PROTOCOL_VERSION = 1;

/** The largest payload of a client's message, in bytes. */
export const MAX_CLIENT_PAYLOAD = 64 * 1024;
/** The largest payload of a server's message other than CHUNK, in bytes. */
export const MAX_SERVER_PAYLOAD = 1024 * 1024;
/** The largest CHUNK payload that a server may announce, in bytes. */
export const MAX_CHUNK_PAYLOAD = 4 * 1024 * 1024;

/** The codes of the message types on the wire. */
export const MessageType = {
  WELCOME: 1,
  LOGIN: 2,
  LIST: 3,
  GET: 4,
  CHUNK: 5,
  DIGEST: 6,
  DIGEST_RESULT: 7,
  ERROR: 8,
  PING: 9,
  PONG: 10,
  GOODBYE: 11,
} as const;

/** The code of a message type. */
export type MessageType = typeof MessageType[keyof typeof MessageType];

/** The two ends of a connection. */
export type Side = "server" | "client";

const { WELCOME, LOGIN, LIST, GET, CHUNK, DIGEST, DIGEST_RESULT, ...SENT_BY_BOTH } = MessageType;
const SENT_BY: Record<Side, ReadonlySet<number>> = {
  server: new Set([WELCOME, LIST, CHUNK, DIGEST_RESULT, ...Object.values(SENT_BY_BOTH)]),
  client: new Set([LOGIN, GET, DIGEST, ...Object.values(SENT_BY_BOTH)]),
};

/** The variable fields of a header. */
export interface Header {
  readonly type: MessageType;
  /** Whether another message of the same response follows. */
  readonly more: boolean;
  /** 0…2³²−1. */
  readonly requestId: number;
  /** The payload's length in bytes. */
  readonly length: number;
  /** The position in the file of a CHUNK's first byte, 0…2⁵³−1; 0 in other messages. */
  readonly offset: number;
  /** In a received header, valid until the next message is read. */
  readonly server: Endpoint;
  readonly client: Endpoint;
}

const MAGIC = 0x534c5549;
const END_MARK = 0x49554c53;
const FLAG_MORE = 1;
const AT = {
  magic: 0,
  version: 4,
  type: 5,
  flags: 6,
  requestId: 8,
  length: 12,
  offset: 16,
  serverIp: 24,
  serverPort: 40,
  clientIp: 42,
  clientPort: 58,
  crc: 60,
} as const;

/**
 * Writes a message's header and footer around its payload, in place, so that the payload is not
 * copied. The payload may be given in pieces.
 */
export class MessageFramer {
  readonly #header: Header;
  #framed = 0;
  #crc = 0;

  /** @param header The fields to write; `length` is the whole payload's. */
  constructor(header: Header) {
    this.#header = header;
  }

  /** Whether the whole payload has been framed. */
  get isComplete(): boolean {
    return this.#framed === this.#header.length;
  }

  /**
   * Frames the next piece of the payload.
   *
   * @param buffer Holds the piece at `HEADER_SIZE`, and has space for the footer behind it.
   * @param length The piece's length in bytes.
   * @returns The bytes to send: the piece, with the header if it is first, the footer if last.
   * @throws {RangeError} If the buffer is too small.
   */
  frame(buffer: Uint8Array, length: number): Uint8Array {
    const isFirst = this.#framed === 0;
    const end = HEADER_SIZE + length;
    if (buffer.length < end + FOOTER_SIZE) {
      throw new RangeError("Cannot frame a message: the buffer is too small");
    }
    this.#framed += length;
    this.#crc = crc32(buffer.subarray(HEADER_SIZE, end), this.#crc);
    if (isFirst) writeHeader(buffer, this.#header);
    if (this.isComplete) writeFooter(buffer, end, this.#crc);
    return buffer.subarray(isFirst ? 0 : HEADER_SIZE, end + (this.isComplete ? FOOTER_SIZE : 0));
  }
}

/** Writes a header at the beginning of a buffer. */
export function writeHeader(buffer: Uint8Array, header: Header): void {
  const view = new DataView(buffer.buffer, buffer.byteOffset, HEADER_SIZE);
  view.setUint32(AT.magic, MAGIC);
  view.setUint8(AT.version, PROTOCOL_VERSION);
  view.setUint8(AT.type, header.type);
  view.setUint16(AT.flags, header.more ? FLAG_MORE : 0);
  view.setUint32(AT.requestId, header.requestId);
  view.setUint32(AT.length, header.length);
  view.setUint32(AT.offset, Math.floor(header.offset / 2 ** 32));
  view.setUint32(AT.offset + 4, header.offset % 2 ** 32);
  buffer.set(header.server.ip, AT.serverIp);
  view.setUint16(AT.serverPort, header.server.port);
  buffer.set(header.client.ip, AT.clientIp);
  view.setUint16(AT.clientPort, header.client.port);
  view.setUint32(AT.crc, crc32(buffer.subarray(0, AT.crc)));
}

function writeFooter(buffer: Uint8Array, at: number, crc: number): void {
  const view = new DataView(buffer.buffer, buffer.byteOffset + at, FOOTER_SIZE);
  view.setUint32(0, crc);
  view.setUint32(4, END_MARK);
}

/**
 * Encodes a whole message.
 *
 * @param header The fields to write; `length` is taken from the payload.
 * @param payload Is copied.
 */
export function encodeMessage(header: Omit<Header, "length">, payload: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(HEADER_SIZE + payload.length + FOOTER_SIZE);
  buffer.set(payload, HEADER_SIZE);
  return new MessageFramer({ ...header, length: payload.length }).frame(buffer, payload.length);
}

/**
 * Encodes the header and footer for a payload that is sent without a copy.
 *
 * @param header The fields to write; `length` is taken from the payload.
 */
export function frameOf(
  header: Omit<Header, "length">,
  payload: Uint8Array,
): [head: Uint8Array, foot: Uint8Array] {
  const head = new Uint8Array(HEADER_SIZE);
  writeHeader(head, { ...header, length: payload.length });
  const foot = new Uint8Array(FOOTER_SIZE);
  writeFooter(foot, 0, crc32(payload));
  return [head, foot];
}

/**
 * Decodes a header and checks it, in the order of the specification: magic, version, checksum,
 * type, payload length. Nothing is allocated for the payload before these checks.
 *
 * @param bytes `HEADER_SIZE` bytes. The endpoints are read from them when they are asked for.
 * @param sender Which side sent it.
 * @param maxChunk The largest CHUNK payload agreed upon, in bytes.
 * @throws {ProtocolError} If a check fails.
 */
export function decodeHeader(bytes: Uint8Array, sender: Side, maxChunk: number): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE);
  if (view.getUint32(AT.magic) !== MAGIC) {
    throw new ProtocolError("Cannot read a message: it does not begin with the magic of Sluice");
  }
  const version = view.getUint8(AT.version);
  if (version !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      `Cannot read a message: its protocol version is ${version}, not ${PROTOCOL_VERSION}`,
    );
  }
  if (view.getUint32(AT.crc) !== crc32(bytes.subarray(0, AT.crc))) {
    throw new ProtocolError("Cannot read a message: its header's checksum is wrong");
  }
  const type = view.getUint8(AT.type);
  if (!isSentBy(type, sender)) {
    throw new ProtocolError(`Cannot read a message: a ${sender} does not send type ${type}`);
  }
  const length = view.getUint32(AT.length);
  const limit = payloadLimit(type, sender, maxChunk);
  if (length > limit) {
    throw new ProtocolError(
      `Cannot read a message: its payload of ${length} bytes is over the limit of ${limit}`,
    );
  }
  const offset = view.getUint32(AT.offset) * 2 ** 32 + view.getUint32(AT.offset + 4);
  if (offset > Number.MAX_SAFE_INTEGER) {
    throw new ProtocolError("Cannot read a message: its offset is over 2^53 - 1");
  }
  return {
    type,
    more: (view.getUint16(AT.flags) & FLAG_MORE) !== 0,
    requestId: view.getUint32(AT.requestId),
    length,
    offset,
    get server() {
      return endpointAt(bytes, AT.serverIp);
    },
    get client() {
      return endpointAt(bytes, AT.clientIp);
    },
  };
}

/**
 * Checks a payload against the footer behind it: the end mark first, then the checksum.
 *
 * @param bytes The payload and, behind it, the footer.
 * @returns The payload's CRC-32.
 * @throws {ProtocolError} If either is wrong.
 */
export function checkFooter(bytes: Uint8Array): number {
  const length = bytes.length - FOOTER_SIZE;
  const view = new DataView(bytes.buffer, bytes.byteOffset + length, FOOTER_SIZE);
  if (view.getUint32(4) !== END_MARK) {
    throw new ProtocolError("Cannot read a message: its end mark is missing");
  }
  const checksum = view.getUint32(0);
  if (checksum !== crc32(bytes.subarray(0, length))) {
    throw new ProtocolError("Cannot read a message: its payload's checksum is wrong");
  }
  return checksum;
}

function isSentBy(type: number, sender: Side): type is MessageType {
  return SENT_BY[sender].has(type);
}

function payloadLimit(type: MessageType, sender: Side, maxChunk: number): number {
  if (sender === "client") return MAX_CLIENT_PAYLOAD;
  return type === MessageType.CHUNK ? maxChunk : MAX_SERVER_PAYLOAD;
}
