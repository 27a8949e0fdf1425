/**
 * Hostile responses to requests.
 *
 * @module
 */
import { ERROR_CODES } from "../../../lib/errors.ts";
import { MessageType } from "../../../lib/protocol/message.ts";
import { content, digestOf, listed } from "./hostile_server.ts";
import type { ServerRow } from "./server_row.ts";

const EVIL = content(40_000, 3);
const OTHER = content(40_000, 4);
const FILES = { "evil.bin": EVIL };
const LIE = /sent a chunk that was not requested/;
const UNASKED = /answered a request that is not open/;
/** A client that is interrupted must have gone after this long, in milliseconds. */
const STOPS_WITHIN = 5_000;

/** Interrupts the client once it has the good files. */
const interrupt: NonNullable<ServerRow["meanwhile"]> = async (client) => {
  await client.waitFor("done     good.bin");
  await client.waitFor("done     sub/good.txt");
  client.interrupt();
};

/** A row about one file that never arrives. */
function fails(name: string, row: Omit<ServerRow, "name" | "code"> & { code?: number }): ServerRow {
  return { code: 3, files: FILES, ...row, name };
}

const CHUNKS: readonly ServerRow[] = [
  fails("a list that says 10 bytes, and a chunk of more", {
    files: { "evil.bin": EVIL.subarray(0, 10) },
    get: (peer, ask) => peer.chunk(ask, EVIL),
    says: LIE,
  }),
  fails("a chunk of fewer bytes", {
    get: (peer, ask) => peer.chunk(ask, new Uint8Array(ask.length - 1)),
    says: LIE,
  }),
  fails("a chunk of one byte more", {
    get: (peer, ask) => peer.chunk(ask, new Uint8Array(ask.length + 1)),
    says: LIE,
  }),
  fails("an empty chunk", { get: (peer, ask) => peer.chunk(ask, new Uint8Array()), says: LIE }),
  fails("a chunk of another offset", {
    get: (peer, ask) => peer.chunk({ ...ask, offset: ask.offset + 1 }, new Uint8Array(ask.length)),
    says: LIE,
  }),
  fails("a chunk far behind the file's end", {
    get: (peer, ask) => peer.chunk({ ...ask, offset: 2 ** 53 - 1 }, new Uint8Array(ask.length)),
    says: LIE,
  }),
  fails("a chunk with another request's id", {
    get: (peer, ask) => peer.chunk({ ...ask, requestId: 4_000_000_000 }, EVIL),
    says: UNASKED,
  }),
  fails("a chunk with the request id 0", {
    get: (peer, ask) => peer.chunk({ ...ask, requestId: 0 }, EVIL),
    says: UNASKED,
  }),
  fails("every answer twice", {
    get: async (peer, ask) => {
      await peer.honest(ask);
      await peer.honest(ask);
    },
    says: UNASKED,
    // Each connection delivers a chunk before it ends.
    retryFor: 30,
    arrives: FILES,
    code: 0,
  }),
  fails("an answer to nothing asked, of an error", {
    get: (peer) => peer.error(4_000_000_000, "not-found"),
    says: UNASKED,
  }),
  fails("a digest for an answer to a request of a chunk", {
    get: (peer, { requestId }) =>
      peer.send(MessageType.DIGEST_RESULT, { digest: digestOf(EVIL) }, { requestId }),
    says: UNASKED,
  }),
  fails("a chunk for an answer to a request of a digest", {
    digest: (peer, { requestId }) => peer.send(MessageType.CHUNK, EVIL, { requestId }),
    says: UNASKED,
  }),
  fails("other bytes than the digest's", {
    get: (peer, ask) => peer.chunk(ask, OTHER.slice(ask.offset, ask.offset + ask.length)),
    code: 4,
    says: /^failed +evil\.bin .*SHA-256/m,
  }),
  fails("other bytes than the digest of the input list", {
    input: `good.bin CRITICAL\nsub/good.txt CRITICAL\nevil.bin sha256:${digestOf(EVIL)}\n`,
    get: (peer, ask) => peer.chunk(ask, OTHER.slice(ask.offset, ask.offset + ask.length)),
    digest: (peer, { requestId }) =>
      peer.send(MessageType.DIGEST_RESULT, { digest: digestOf(OTHER) }, { requestId }),
    code: 4,
    says: /^failed +evil\.bin .*line 3 says/m,
  }),
];

const DIGESTS: readonly ServerRow[] = [
  fails("a wrong digest, each time", {
    digest: (peer, { requestId }) =>
      peer.send(MessageType.DIGEST_RESULT, { digest: "0".repeat(64) }, { requestId }),
    code: 4,
    says: /^failed +evil\.bin .*the server says 0000/m,
  }),
  fails("a digest that is none", {
    digest: (peer, { requestId }) =>
      peer.send(MessageType.DIGEST_RESULT, { digest: "\x1b[2J" }, { requestId }),
    says: /malformed message/,
  }),
  fails("no digest, ever", {
    digest: () => {},
    meanwhile: interrupt,
    endsWithin: STOPS_WITHIN,
    code: 130,
  }),
  fails("no chunk, ever", {
    get: () => {},
    meanwhile: interrupt,
    endsWithin: STOPS_WITHIN,
    code: 130,
  }),
];

/** A row whose server answers every GET of one file with an error. */
function refusal(code: string): ServerRow {
  // The client waits for the file, which may reappear at any time, or for the server.
  const waits = code === "not-found" || code === "changed" || code === "busy";
  return fails(`the error ${code} for a chunk`, {
    get: (peer, { requestId }) => peer.error(requestId, code, "Go\x1b[2J away\u202e\ud800"),
    ...(waits ? { meanwhile: interrupt, endsWithin: STOPS_WITHIN } : {}),
    ...(waits ? {} : { says: /^failed +evil\.bin .*Go\\x1b\[2J away\\u\{202e\}\\u\{d800\}/m }),
    code: waits ? 130 : 1,
  });
}

const ERRORS: readonly ServerRow[] = [
  ...[...ERROR_CODES, "\x1b[2Junknown"].map(refusal),
  fails("an error for a digest", {
    digest: (peer, { requestId }) => peer.error(requestId, "bad-request", "No\x07"),
    code: 1,
    says: /^failed +evil\.bin .*No\\x07/m,
  }),
  fails("a file that is not what the user expects, and no word of its digest", {
    input: `good.bin CRITICAL\nsub/good.txt CRITICAL\nevil.bin sha256:${"0".repeat(64)}\n`,
    digest: (peer, { requestId }) => peer.error(requestId, "read-failed", "Not today"),
    code: 4,
    says: /^failed +evil\.bin .*line 3 says 0{64}/m,
  }),
  ...ERROR_CODES.map((code) =>
    fails(`the error ${code} for the connection`, {
      get: (peer) => peer.error(0, code, "Go\x1b[2J away"),
      // Only one of these codes is permanent.
      says: code === "unauthorized"
        ? /Cannot log in .*Go\\x1b\[2J away/
        : /lost the server: Go\\x1b\[2J away/,
    })
  ),
  ...ERROR_CODES.map((code) =>
    fails(`the error ${code} for a greeting`, {
      greet: (peer) => peer.error(0, code, "Go\x1b[2J away"),
      goodArrives: false,
      says: /Cannot log in .*Go\\x1b\[2J away|cannot reach .*Go\\x1b\[2J away/,
    })
  ),
  fails("a goodbye each time, with escape sequences", {
    get: async (peer) => {
      await peer.send(MessageType.GOODBYE, { reason: "\x1b[2J" });
      peer.close();
    },
  }),
];

/** So many errors of 1 MB each that a client that kept them would take too much memory. */
const LOUD = 500;
const LOUD_FILES = Object.fromEntries(
  Array.from({ length: LOUD }, (_, i) => [`evil${i}`, content(10)]),
);

const LOUD_ERRORS: readonly ServerRow[] = [
  fails(`${LOUD} errors of 1 MB each`, {
    files: LOUD_FILES,
    // All of them are asked for while the good files are still coming.
    greet: async (peer) => {
      await peer.welcome({ maxRequests: 2 * LOUD });
      await peer.list();
    },
    get: (peer, { requestId }) =>
      peer.error(requestId, "bad-request", `${requestId} ${"loud ".repeat(200_000)}`),
    says: /^failed +evil499 .*loud/m,
    code: 1,
  }),
];

/** A row whose server replaces the file after the first chunk of it. */
function replaced(name: string, fresh: Uint8Array | null, code: number): ServerRow {
  let changed = false;
  const change = async (peer: Parameters<NonNullable<ServerRow["get"]>>[0]) => {
    if (changed) return;
    changed = true;
    const files = fresh ? [listed("evil.bin", fresh, "2")] : [];
    const removed = fresh ? [] : ["evil.bin"];
    await peer.list({ revision: 2, complete: false, files, removed });
  };
  return {
    name,
    code,
    files: FILES,
    input: "good.bin CRITICAL\nsub/good.txt CRITICAL\nevil.bin\n",
    get: async (peer, ask) => {
      if (ask.version === "2") {
        return await peer.chunk(ask, fresh!.slice(ask.offset, ask.offset + ask.length));
      }
      if (ask.offset === 0) await peer.honest(ask);
      await change(peer);
      if (ask.offset > 0) await peer.error(ask.requestId, fresh ? "changed" : "not-found");
    },
    digest: async (peer, { requestId, version }) => {
      if (version !== "2") return await peer.error(requestId, fresh ? "changed" : "not-found");
      await peer.send(MessageType.DIGEST_RESULT, { digest: digestOf(fresh!) }, { requestId });
    },
    ...(fresh ? { arrives: { "evil.bin": fresh } } : { says: /waiting for 1 file .*evil\.bin/ }),
  };
}

/** A row whose server lists a file but always answers that it is missing. */
function neverThere(code: string): ServerRow {
  return fails(`a file that is listed, and always answered ${code}`, {
    get: (peer, { requestId }) => peer.error(requestId, code, "Not this one"),
    says: /^failed +evil\.bin +the server says: Not this one$/m,
    code: 1,
  });
}

/** The same, with a server that lists the file again each time. */
function listedAgain(): ServerRow {
  let revision = 1;
  return {
    ...neverThere("changed"),
    name: "a file that is listed again and again, and always answered changed",
    get: async (peer, { requestId }) => {
      await peer.list({ revision: ++revision, complete: false });
      await peer.error(requestId, "changed", "Not this one");
    },
  };
}

const VERSIONS: readonly ServerRow[] = [
  listedAgain(),
  neverThere("changed"),
  neverThere("not-found"),
  replaced("a file that becomes another of the same size", OTHER, 0),
  replaced("a file that shrinks", OTHER.subarray(0, 5), 0),
  replaced("a file that shrinks to nothing", content(0), 0),
  replaced("a file that grows", content(200_000, 5), 0),
  replaced("a file that vanishes", null, 1),
];

/** All hostile responses. */
export const ANSWERS: readonly ServerRow[] = [
  ...CHUNKS,
  ...DIGESTS,
  ...ERRORS,
  ...LOUD_ERRORS,
  ...VERSIONS,
];
