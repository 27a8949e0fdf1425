import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Connection, Outgoing } from "../../../lib/protocol/connection.ts";
import { MessageType } from "../../../lib/protocol/message.ts";
import {
  type DigestRequest,
  type ListedFile,
  parseDigestResult,
  parseErrorPayload,
} from "../../../lib/protocol/payloads.ts";
import { DigestResponses } from "../../../lib/server/respond/digest_responses.ts";
import { responderFixture } from "../../support/responder_fixture.ts";

/** Asks for digests of a file with ten digits; returns each digest, or the code of the refusal. */
async function answersTo(
  ...requests: readonly (Partial<DigestRequest> & { readonly happens?: (path: string) => void })[]
): Promise<string[]> {
  await using place = await responderFixture({ a: "0123456789" });
  const { catalog, digests } = place;
  const answers: string[] = [];
  const send = ({ type, payload }: Outgoing) => {
    answers.push(
      type === MessageType.ERROR ? parseErrorPayload(payload!).code : digestIn(payload!),
    );
    return Promise.resolve();
  };
  const connection = { send } as unknown as Connection;
  using responses = new DigestResponses({ connection, catalog, digests, refused() {} });
  const [{ version }] = catalog.snapshot() as readonly [ListedFile];
  for (const { happens, ...request } of requests) {
    happens?.(place.at("a"));
    await responses.answer(1, { path: "a", version, algorithm: "sha256", ...request });
  }
  return answers;
}

function digestIn(payload: Uint8Array): string {
  return parseDigestResult(payload).digest;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Writes without a trace in size and times, as a write through a memory map may. */
function writeUnseen(path: string): void {
  const { mtime } = Deno.statSync(path);
  Deno.writeTextFileSync(path, "9876543210");
  Deno.utimeSync(path, mtime!, mtime!);
}

Deno.test("DigestResponses answers for a part of a file, and refuses one beyond its end", async () => {
  const answers = await answersTo(
    { offset: 0, length: 4 },
    { offset: 3, length: 7 },
    { offset: 0, length: 10 },
    {},
    { offset: 3, length: 8 },
    { offset: 11, length: 1 },
  );
  assert.deepEqual(answers, [
    ...["0123", "3456789", "0123456789", "0123456789"].map(sha256),
    "bad-request",
    "bad-request",
  ]);
});

Deno.test("DigestResponses hashes the file again for a fresh request", async () => {
  const answers = await answersTo(
    {},
    { happens: writeUnseen },
    { fresh: true },
    {},
  );
  assert.deepEqual(answers.slice(2), ["9876543210", "9876543210"].map(sha256));
});
