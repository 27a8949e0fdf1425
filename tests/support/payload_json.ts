import {
  parseDigestRequest,
  parseDigestResult,
  parseErrorPayload,
  parseGetRequest,
  parseGoodbye,
  parseListPage,
  parseLogin,
  parseWelcome,
} from "../../lib/protocol/payloads.ts";

export type Json = Record<string, unknown>;
export type Kind =
  | "text"
  | "hex"
  | "natural"
  | "positive"
  | "integer"
  | "boolean"
  | "array"
  | "nullable";

interface Case {
  readonly parse: (bytes: Uint8Array) => unknown;
  /** A value that the parser returns unchanged. */
  readonly sample: Json;
  readonly kinds: Readonly<Record<string, Kind>>;
}

export const HEX = "0123456789abcdef".repeat(4);
export const FILE = { path: "a/b.txt", size: 123, modified: 1764000000000, version: "v1" };

export const CASES: Readonly<Record<string, Case>> = {
  parseWelcome: {
    parse: parseWelcome,
    sample: {
      protocol: 1,
      server: "sluice/0.1.0",
      maxChunk: 4194304,
      maxRequests: 256,
      authentication: null,
    },
    kinds: {
      protocol: "positive",
      server: "text",
      maxChunk: "positive",
      maxRequests: "positive",
      authentication: "nullable",
    },
  },
  parseLogin: { parse: parseLogin, sample: { proof: HEX }, kinds: { proof: "hex" } },
  parseListPage: {
    parse: parseListPage,
    sample: { revision: 7, complete: true, files: [FILE], removed: ["old.txt"] },
    kinds: { revision: "natural", complete: "boolean", files: "array", removed: "array" },
  },
  parseGetRequest: {
    parse: parseGetRequest,
    sample: { path: "a/b.txt", version: "v1", offset: 0, length: 1048576 },
    kinds: { path: "text", version: "text", offset: "natural", length: "positive" },
  },
  parseDigestRequest: {
    parse: parseDigestRequest,
    sample: { path: "a/b.txt", version: "v1", algorithm: "sha256", offset: 0, length: 1048576 },
    kinds: {
      path: "text",
      version: "text",
      algorithm: "text",
      offset: "natural",
      length: "positive",
    },
  },
  parseDigestResult: {
    parse: parseDigestResult,
    sample: { digest: HEX },
    kinds: { digest: "hex" },
  },
  parseErrorPayload: {
    parse: parseErrorPayload,
    sample: { code: "not-found", message: "There is no such file" },
    kinds: { code: "text", message: "text" },
  },
  parseGoodbye: { parse: parseGoodbye, sample: { reason: "Done" }, kinds: { reason: "text" } },
  // Inner objects, parsed through the message that carries them.
  "parseWelcome (authentication)": {
    parse: (bytes) => {
      const welcome = (authentication: unknown) => ({
        ...CASES.parseWelcome!.sample,
        authentication,
      });
      const { authentication } = parseWelcome(wrap(bytes, welcome));
      if (!authentication) throw new TypeError("It is null, which parseWelcome allows");
      return authentication;
    },
    sample: { method: "hmac-sha256", nonce: HEX },
    kinds: { method: "text", nonce: "hex" },
  },
  "parseListPage (file)": {
    parse: (bytes) =>
      parseListPage(wrap(bytes, (file) => ({
        ...CASES.parseListPage!.sample,
        files: [FILE, file],
      }))).files[1],
    sample: FILE,
    kinds: { path: "text", size: "natural", modified: "integer", version: "text" },
  },
};

/** Puts JSON text, unparsed, in the place of a member of another object. */
function wrap(bytes: Uint8Array, around: (inner: unknown) => Json): Uint8Array {
  const placeholder = "placeholder for the inner object";
  const [before, after] = JSON.stringify(around(placeholder)).split(JSON.stringify(placeholder));
  const encoder = new TextEncoder();
  return new Uint8Array([...encoder.encode(before), ...bytes, ...encoder.encode(after)]);
}
