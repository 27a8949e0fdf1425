import assert from "node:assert/strict";
import { ERROR_CODES } from "../../lib/errors.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import { readDocument, rowsOf, sectionOf } from "../support/documents.ts";
import { GET_MESSAGE } from "../support/message_samples.ts";

const document = await readDocument("docs/protocol.md");

Deno.test("docs/protocol.md has every message type with its code, and no other", () => {
  const rows = rowsOf(sectionOf(document, "## Messages"))
    .filter(([code]) => /^\d+$/.test(code!))
    .map(([code, name]) => [name, Number(code)]);
  assert.deepEqual(Object.fromEntries(rows), MessageType);
});

Deno.test("docs/protocol.md has every error code, and no other", () => {
  const codes = rowsOf(sectionOf(document, "## Errors"))
    .flatMap(([code]) => /^`([a-z-]+)`$/.exec(code!)?.[1] ?? []);
  assert.deepEqual(codes.sort(), [...ERROR_CODES].sort());
});

Deno.test("docs/protocol.md has the worked message to the byte", () => {
  const encoder = new TextEncoder();
  const lines = sectionOf(document, "## A worked message").split("```")[1]!.trim().split("\n");
  const bytes = lines.flatMap((line) => {
    const [shown = ""] = line.split("   ");
    return shown.startsWith("{")
      ? [...encoder.encode(shown)]
      : shown.trim().split(/ +/).map((byte) => parseInt(byte, 16));
  });
  assert.deepEqual(Uint8Array.from(bytes), GET_MESSAGE);
});
