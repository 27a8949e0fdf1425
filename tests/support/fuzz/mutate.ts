/**
 * Mutations of valid input.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { encodeMessage, type Header, MessageType } from "../../../lib/protocol/message.ts";
import { ipBytes } from "../../../lib/protocol/ip_address.ts";
import type { Random } from "../seeded_random.ts";

/** A message to encode. */
export type Draft = Pick<Header, "type" | "requestId" | "offset" | "more"> & {
  readonly payload: Uint8Array;
};

const ENDPOINT = { ip: ipBytes("127.0.0.1"), port: 9009 };
const BYTES = [0, 1, 9, 10, 32, 34, 44, 45, 48, 57, 91, 93, 123, 125, 127, 128, 192, 254, 255];
const WORDS = ["-1", "1e999", "null", "9007199254740992", '""', "[]", "{}", "0.5", "\\ud800", ".."];

/** A message with usual values for the fields that are not given. */
export function draft(type: MessageType, payload: Uint8Array, given: Partial<Draft> = {}): Draft {
  return { type, payload, requestId: 0, offset: 0, more: false, ...given };
}

/** The bytes of messages. */
export function encodeDrafts(drafts: readonly Draft[]): Uint8Array {
  return Buffer.concat(
    drafts.map(({ payload, ...header }) =>
      encodeMessage({ ...header, server: ENDPOINT, client: ENDPOINT }, payload)
    ),
  );
}

/** Bytes with a few random changes. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let mutated = Buffer.from(bytes);
  for (let changes = random.below(4); changes >= 0; changes--) {
    const at = random.below(mutated.length + 1);
    const end = Math.min(mutated.length, at + 1 + random.below(40));
    const [before, within, after] = [
      mutated.subarray(0, at),
      mutated.subarray(at, end),
      mutated.subarray(end),
    ];
    switch (random.below(7)) {
      case 0:
        mutated = Buffer.concat([before, after]);
        break;
      case 1:
        mutated = Buffer.concat([before, within, within, after]);
        break;
      case 2:
        mutated = Buffer.concat([before, randomBytes(random, 30), within, after]);
        break;
      case 3:
        mutated = Buffer.concat([before, Buffer.from(random.pick(WORDS)), after]);
        break;
      case 4:
        if (random.below(3) === 0) mutated = Buffer.from(before);
        break;
      default:
        if (at < mutated.length) {
          mutated[at] = random.below(2) ? random.pick(BYTES) : mutated[at]! ^ 1 << random.below(8);
        }
    }
  }
  return new Uint8Array(mutated);
}

/** A stream of messages with a few random changes, and with right or wrong checksums. */
export function mutateStream(random: Random, drafts: readonly Draft[]): Uint8Array {
  const mutated = [...drafts];
  for (let changes = random.below(3); changes > 0; changes--) {
    const at = random.below(mutated.length);
    const message = mutated[at];
    if (!message) break;
    switch (random.below(6)) {
      case 0:
        mutated.splice(at, 1);
        break;
      case 1:
        mutated.splice(random.below(mutated.length), 0, message);
        break;
      case 2:
        mutated[at] = { ...message, type: random.pick(Object.values(MessageType)) };
        break;
      case 3:
        mutated[at] = { ...message, requestId: random.pick([0, 1, 2, 3, 2 ** 32 - 1]) };
        break;
      case 4:
        mutated[at] = { ...message, offset: random.below(5000), more: random.below(2) === 0 };
        break;
      default:
        mutated[at] = { ...message, payload: mutateBytes(random, message.payload) };
    }
  }
  const bytes = encodeDrafts(mutated);
  return random.below(2) === 0 ? bytes : mutateBytes(random, bytes);
}

/** Fewer than `max` random bytes. */
export function randomBytes(random: Random, max: number): Uint8Array {
  return Uint8Array.from({ length: random.below(max) }, () => random.below(256));
}
