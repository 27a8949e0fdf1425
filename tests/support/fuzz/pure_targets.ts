/**
 * The targets without a network: the parsers of input from outside.
 *
 * @module
 */
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import { journalHead, journalLine, parseJournal } from "../../../lib/client/disk/journal.ts";
import { ConnectionLostError, ProtocolError, WireError } from "../../../lib/errors.ts";
import { Connection } from "../../../lib/protocol/connection.ts";
import type { Side } from "../../../lib/protocol/message.ts";
import * as payloads from "../../../lib/protocol/payloads.ts";
import type { Random } from "../seeded_random.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutateBytes, mutateStream } from "./mutate.ts";
import { clientDrafts, FILE, serverDrafts } from "./sessions.ts";

const encoder = new TextEncoder();

const PARSERS = [
  payloads.parseWelcome,
  payloads.parseLogin,
  payloads.parseListPage,
  payloads.parseGetRequest,
  payloads.parseDigestRequest,
  payloads.parseDigestResult,
  payloads.parseErrorPayload,
  payloads.parseGoodbye,
];
const INPUT = encoder.encode(
  `# list\r\nubuntu.iso CRITICAL sha256:${"ab".repeat(32)}\nphotos/*.{jpg,png} HIGH\n` +
    `"two \\"words\\" HIGH.txt"\n\ufeff**/[a-c]?.txt normal\n`,
);
const JOURNAL = encoder.encode(
  journalHead({ path: "a", size: 1000, version: "v" }) +
    [0, 100, 900].map((offset) => journalLine({ offset, length: 100, checksum: offset })).join(""),
);

/** The targets, each a function that takes mutated input. */
export const PURE_TARGETS: readonly FuzzTarget[] = [
  pure("payloads", (random) => {
    const { payload } = random.pick([...clientDrafts([FILE]), ...serverDrafts()]);
    const mutated = mutateBytes(random, payload);
    for (const parse of PARSERS) {
      try {
        parse(mutated);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
  }),
  pure("input-list", (random) => {
    parseInputList(mutateBytes(random, INPUT));
  }),
  pure("journal", (random) => {
    const { subject, entries } = parseJournal(mutateBytes(random, JOURNAL)) ??
      { subject: { size: 0 }, entries: [] };
    for (const { offset, length } of entries) {
      if (offset + length > subject.size) throw new Error("An entry lies outside its file");
    }
  }),
  pure("messages", async (random) => {
    const side: Side = random.pick(["server", "client"] as const);
    const drafts = side === "server" ? clientDrafts([FILE]) : serverDrafts();
    using connection = new Connection(memoryConn(random, mutateStream(random, drafts)), side);
    try {
      for await (const messages of connection.readable) {
        for (const { header, payload } of messages) {
          if (payload.length !== header.length) throw new Error("A payload has another length");
        }
      }
    } catch (error) {
      if (!isKnown(error)) throw error;
    }
  }),
];

/** Whether a bad peer may cause this error. */
export function isKnown(error: unknown): boolean {
  return error instanceof ProtocolError || error instanceof ConnectionLostError ||
    error instanceof WireError;
}

function pure(name: string, attempt: (random: Random) => void | Promise<void>): FuzzTarget {
  const opened = { try: attempt, [Symbol.asyncDispose]: () => Promise.resolve() };
  return { name, open: () => Promise.resolve(opened) };
}

/** A connection that delivers the bytes in pieces, and accepts any writes. */
function memoryConn(random: Random, bytes: Uint8Array): Deno.Conn {
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  const maxPiece = random.pick([1, 7, 64, 100_000]);
  let at = 0;
  const conn = {
    localAddr: address,
    remoteAddr: address,
    read: (view: Uint8Array) => {
      const piece = bytes.subarray(at, at + Math.min(view.length, 1 + random.below(maxPiece)));
      view.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length || null);
    },
    write: ({ length }: Uint8Array) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  return conn as unknown as Deno.Conn;
}
