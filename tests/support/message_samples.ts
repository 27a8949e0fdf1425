import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { ipBytes } from "../../lib/protocol/ip_address.ts";
import { type Header, HEADER_SIZE, MessageType, type Side } from "../../lib/protocol/message.ts";
import { type Message, MessageReader } from "../../lib/protocol/message_reader.ts";

/** The worked message of the specification. */
export const GET_PAYLOAD = new TextEncoder().encode(
  '{"path":"a","version":"v","offset":0,"length":5}',
);
export const GET_MESSAGE = new Uint8Array([
  ...bytesOf(`
    53 4c 55 49 01 04 00 00  00 00 00 01 00 00 00 30
    00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
    00 00 ff ff 7f 00 00 01  23 31 00 00 00 00 00 00
    00 00 00 00 ff ff 7f 00  00 01 c3 50 4c af d3 0c`),
  ...GET_PAYLOAD,
  ...bytesOf("36 75 a8 a6 49 55 4c 53"),
]);

/** The sides that may send each type, copied from the specification's table, not from the code. */
export const SENDERS: Readonly<Record<number, readonly Side[]>> = {
  1: ["server"],
  2: ["client"],
  3: ["server"],
  4: ["client"],
  5: ["server"],
  6: ["client"],
  7: ["server"],
  8: ["server", "client"],
  9: ["server", "client"],
  10: ["server", "client"],
  11: ["server", "client"],
};

export const ALLOWED = Object.entries(SENDERS).flatMap(([type, sides]) =>
  sides.map((side) => ({ type: Number(type) as MessageType, side }))
);

const SERVER = { ip: ipBytes("127.0.0.1"), port: 9009 };
const CLIENT = { ip: ipBytes("2001:db8::7"), port: 50000 };
export const CRC_AT = 60;

/** The bytes of a hex dump. */
export function bytesOf(dump: string): number[] {
  return dump.trim().split(/\s+/).map((hex) => parseInt(hex, 16));
}

/** A header with usual values for the fields that are not given. */
export function header(fields: Pick<Header, "type"> & Partial<Header>): Omit<Header, "length"> {
  return { requestId: 7, more: false, offset: 0, server: SERVER, client: CLIENT, ...fields };
}

/** A header built by hand, so that it can hold values that the code refuses to encode. */
export function rawHeader(fields: {
  magic?: number;
  version?: number;
  type?: number;
  flags?: number;
  length?: number;
  offsetHigh?: number;
  offsetLow?: number;
  crcXor?: number;
}): Uint8Array {
  const bytes = GET_MESSAGE.slice(0, HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, fields.magic ?? 0x534c5549);
  view.setUint8(4, fields.version ?? 1);
  view.setUint8(5, fields.type ?? MessageType.GET);
  view.setUint16(6, fields.flags ?? 0);
  view.setUint32(12, fields.length ?? 0);
  view.setUint32(16, fields.offsetHigh ?? 0);
  view.setUint32(20, fields.offsetLow ?? 0);
  view.setUint32(CRC_AT, (crc32(bytes.subarray(0, CRC_AT)) ^ (fields.crcXor ?? 0)) >>> 0);
  return bytes;
}

/** Reads messages until the stream ends. */
export async function readAll(
  pieces: Uint8Array[],
  sender: Side,
  { staysOpen = false } = {},
): Promise<Omit<Message, "checksum">[]> {
  const bytes = Buffer.concat(pieces);
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { byobRequest } = controller;
      const length = Math.min(bytes.length - at, byobRequest!.view!.byteLength);
      if (length === 0 && staysOpen) await new Promise(() => {});
      if (length === 0) controller.close();
      (byobRequest!.view as Uint8Array).set(bytes.subarray(at, at += length));
      byobRequest!.respond(length);
    },
  });
  const reader = new MessageReader(stream, sender);
  const messages: Omit<Message, "checksum">[] = [];
  for (let message; (message = await reader.read());) {
    messages.push({ header: { ...message.header }, payload: message.payload.slice() });
  }
  return messages;
}
