/**
 * Hostile WELCOMEs, and hostile lists.
 *
 * @module
 */
import { MessageType } from "../../../lib/protocol/message.ts";
import { content, listed } from "./hostile_server.ts";
import type { ServerRow } from "./server_row.ts";

const EVIL = content(40_000, 3);
const EMPTY = { e: content(0) };
const FOLDS_CASE = Deno.build.os === "windows" || Deno.build.os === "darwin";

/** Files with these names and the same content. */
function named(...paths: readonly string[]): Record<string, Uint8Array> {
  return Object.fromEntries(paths.map((path) => [path, EVIL]));
}

/** A row whose server the client refuses without a retry. */
function refused(name: string, row: Omit<ServerRow, "name" | "code">): ServerRow {
  return { code: 3, goodArrives: false, says: /it is not a Sluice server/, ...row, name };
}

const NAMES: readonly ServerRow[] = [
  {
    name: "names that leave the folder",
    files: named("../evil", "../../evil", "a/../../evil", "..", ".", "a/./b", "a//b", "evil/"),
    code: 1,
    says: /^warning .*"\.\.\/evil" is refused/m,
  },
  {
    name: "absolute names",
    files: named("/evil", "/tmp/sluice-evil", "//host/evil"),
    code: 1,
    says: /^warning .*"\/evil" is refused: it is absolute/m,
  },
  {
    name: "names in the work folder",
    files: named(".sluice/x", ".sluice", ".SLUICE/lock", ".sluice./x", ".slu\u200bice/x"),
    code: 1,
    says: /^warning .*"\.sluice\/x" is refused/m,
  },
  {
    name: "names with control characters and escape sequences",
    files: named("\x1b]0;title\x07", "a\nfailed everything", "\x9b31mred", "nul\0", "\x7f\r\t"),
    code: 1,
    says: /^warning .*"\\x1b\]0;title\\x07" is refused/m,
  },
  {
    name: "names with bidirectional overrides, which are shown as escapes",
    files: named("photo\u202egpj.exe", "a\u2066b\u2069"),
    arrives: named("photo\u202egpj.exe", "a\u2066b\u2069"),
    code: 0,
    says: /^done .*photo\\u\{202e\}gpj\.exe/m,
  },
  {
    name: "names with lone surrogates",
    files: named("\ud800", "a\udfffb"),
    code: 1,
    says: /^warning .*"\\u\{d800\}" is refused: it is not valid Unicode/m,
  },
  {
    name: "names that differ in nothing but case",
    files: named("Name.txt", "name.txt"),
    arrives: FOLDS_CASE ? named("Name.txt") : named("Name.txt", "name.txt"),
    code: FOLDS_CASE ? 1 : 0,
  },
  {
    name: "a file and a folder of one name",
    files: named("a", "a/b"),
    arrives: named("a"),
    code: 1,
    says: /^warning .*"a\/b" is refused: its folder is a file here/m,
  },
  {
    name: "names that are empty or too long",
    files: named("", "e".repeat(256), "x/".repeat(2_100) + "x"),
    code: 1,
    says: /^warning .*"" is refused/m,
  },
  {
    name: "names of JavaScript's built-in properties",
    files: named("__proto__", "constructor", "toString/hasOwnProperty"),
    arrives: named("__proto__", "constructor", "toString/hasOwnProperty"),
    code: 0,
  },
  {
    name: "one name twice, with two sizes",
    files: named("evil.bin"),
    greet: async (peer) => {
      await peer.welcome();
      const short = JSON.stringify(listed("evil.bin", EVIL.subarray(1)));
      await peer.listText(`${short},${JSON.stringify(listed("evil.bin", EVIL))}`);
    },
    arrives: named("evil.bin"),
    code: 0,
  },
];

const SIZES = ["-1", "1.5", "NaN", "1e400", "9007199254740992", '"10"', "null", "[]", "-1e-400"];

const NUMBERS: readonly ServerRow[] = [
  ...SIZES.map((size): ServerRow => {
    const isZero = size === "-1e-400";
    return {
      ...refused(`a size of ${size} in the list`, {}),
      // This one rounds to zero: an empty file.
      ...(isZero ? { code: 0, goodArrives: true, says: /./, arrives: EMPTY, files: EMPTY } : {}),
      greet: async (peer) => {
        await peer.welcome();
        await peer.listText(`{"path":"e","size":${size},"modified":1,"version":"1"}`);
      },
    };
  }),
  {
    name: "a size of 2^53 - 1 for a small file",
    files: named("e"),
    greet: async (peer) => {
      await peer.welcome();
      await peer.listText(`{"path":"e","size":9007199254740991,"modified":1,"version":"1"}`);
    },
    // The honest chunk is shorter than what such a file's request asks for.
    get: (peer, ask) => peer.honest(ask),
    code: 3,
    says: /sent a chunk that was not requested/,
  },
  {
    name: "times outside the range of dates",
    files: named("e"),
    greet: async (peer) => {
      await peer.welcome();
      await peer.listText(JSON.stringify({ ...listed("e", EVIL), modified: -(2 ** 53 - 1) }));
    },
    arrives: named("e"),
    code: 0,
  },
  refused("a version longer than a request", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.listText(JSON.stringify(listed("e", EVIL, "v".repeat(65_536))));
    },
  }),
];

const GREETINGS: readonly ServerRow[] = [
  refused("a list that is no JSON", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.send(MessageType.LIST, '{"revision":1,');
    },
  }),
  refused("a list that is no UTF-8", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.send(MessageType.LIST, new Uint8Array([0x22, 0xff, 0xfe, 0x22]));
    },
  }),
  refused("a list of 100,000 nested arrays", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.send(MessageType.LIST, "[".repeat(100_000));
    },
  }),
  refused("a first list that is a change", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.list({ complete: false });
    },
    says: /first list is not whole/,
  }),
  refused("a first list of two revisions", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.list({}, { more: true });
      await peer.list({ revision: 2 });
    },
    says: /first list is not whole/,
  }),
  refused("a list before the welcome", { greet: (peer) => peer.list() }),
  refused("two welcomes", {
    greet: async (peer) => {
      await peer.welcome();
      await peer.welcome();
    },
  }),
  refused("another version of the protocol", { greet: (peer) => peer.welcome({ protocol: 2 }) }),
  ...[0, -5, 1.5, "1e6"].map((maxChunk) =>
    refused(`a maxChunk of ${JSON.stringify(maxChunk)}`, {
      greet: (peer) => peer.welcome({ maxChunk }),
    })
  ),
  refused("no room for a single request", { greet: (peer) => peer.welcome({ maxRequests: 0 }) }),
  ...[{ maxChunk: 2 ** 50 }, { maxChunk: 777 }, { maxRequests: 1 }, { maxRequests: 2 ** 50 }].map(
    (changes): ServerRow => ({
      name: `a welcome with ${JSON.stringify(changes)}`,
      files: named("evil.bin"),
      greet: async (peer) => {
        await peer.welcome(changes);
        await peer.list();
      },
      arrives: named("evil.bin"),
      code: 0,
    }),
  ),
  {
    name: "a program name with escape sequences",
    greet: async (peer) => {
      await peer.welcome({ server: "\x1b[31msluice\u202e\ud800" });
      await peer.list();
    },
    code: 0,
    says: /^connected to .*\(\\x1b\[31msluice\\u\{202e\}\\u\{d800\}\)/m,
  },
  {
    name: "a demand for authentication",
    greet: (peer) =>
      peer.welcome({ authentication: { method: "hmac-sha256", nonce: "0".repeat(64) } }),
    code: 3,
    goodArrives: false,
    says: /Cannot log in/,
  },
  refused("a demand for a proof of another kind", {
    greet: (peer) => peer.welcome({ authentication: { method: "\x1b[2J", nonce: 1 } }),
  }),
];

const CHANGES: readonly ServerRow[] = [
  {
    name: "a list that goes backwards",
    files: named("evil.bin"),
    get: (peer) => peer.list({ revision: 0, complete: false }),
    code: 3,
    says: /goes backwards/,
  },
  {
    name: "the whole list twice",
    files: named("evil.bin"),
    get: (peer) => peer.list(),
    code: 3,
    says: /goes backwards/,
  },
  {
    name: "a welcome in the middle",
    files: named("evil.bin"),
    get: (peer) => peer.welcome(),
    code: 3,
    says: /unexpected type 1/,
  },
  {
    name: "a thousand changes of the list that change nothing",
    files: named("evil.bin"),
    get: async (peer, ask) => {
      for (let revision = 2; ask.offset === 0 && revision < 1_002; revision++) {
        await peer.list({ revision, complete: false });
      }
      await peer.honest(ask);
    },
    arrives: named("evil.bin"),
    code: 0,
  },
  {
    name: "hostile names in a later list",
    files: named("evil.bin"),
    get: async (peer, ask) => {
      const files = ["../late", ".sluice/lock", "\x1b[2J"].map((path) => listed(path, EVIL));
      if (ask.offset === 0) await peer.list({ revision: 2, complete: false, files });
      await peer.honest(ask);
    },
    arrives: named("evil.bin"),
    code: 1,
    says: /^warning .*"\.\.\/late" is refused/m,
  },
];

/** All hostile WELCOMEs and lists. */
export const LISTS: readonly ServerRow[] = [...NAMES, ...NUMBERS, ...GREETINGS, ...CHANGES];
