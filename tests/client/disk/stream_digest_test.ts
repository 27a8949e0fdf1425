import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { join } from "@std/path";
import { StreamDigest } from "../../../lib/client/disk/stream_digest.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

const SIZE = 3_000_000;
const CHUNK = 250_000;
const CONTENT = crypto.getRandomValues(new Uint8Array(60_000));

function contentOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => CONTENT[i % CONTENT.length]!);
}

/** Writes chunks in an order, as the store does; the digest at the end. */
async function digestOf(order: readonly number[]): Promise<{ digest: string; expected: string }> {
  using temp = tempFolder();
  const path = join(temp.path, "data");
  const bytes = contentOf(SIZE);
  using file = Deno.openSync(path, { write: true, create: true });
  const digest = new StreamDigest();
  const written = new Set<number>();
  for (const index of order) {
    const offset = index * CHUNK;
    const chunk = bytes.subarray(offset, offset + CHUNK);
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
    written.add(index);
    digest.write(offset, chunk);
    let prefix = 0;
    while (written.has(prefix)) prefix++;
    digest.catchUp(path, Math.min(SIZE, prefix * CHUNK));
  }
  return { digest: await digest.finish(path, SIZE), expected: hash("sha256", bytes, "hex") };
}

const IN_ORDER = Array.from({ length: SIZE / CHUNK }, (_, index) => index);

for (
  const [name, order] of [
    ["in order", IN_ORDER],
    ["backwards", IN_ORDER.toReversed()],
    ["with a gap that is filled later", [0, 2, 3, 1, ...IN_ORDER.slice(4)]],
    ["with a gap that is filled last", [...IN_ORDER.filter((index) => index !== 5), 5]],
  ] as const
) {
  Deno.test(`StreamDigest computes the digest of chunks that are written ${name}`, async () => {
    const { digest, expected } = await digestOf(order);
    assert.equal(digest, expected);
  });
}

Deno.test("StreamDigest includes the data of an earlier run", async () => {
  using temp = tempFolder();
  const path = join(temp.path, "data");
  const bytes = contentOf(SIZE);
  Deno.writeFileSync(path, bytes);
  const digest = new StreamDigest();
  digest.write(2 * CHUNK, bytes.subarray(2 * CHUNK));
  assert.equal(await digest.finish(path, SIZE), hash("sha256", bytes, "hex"));
});

Deno.test("StreamDigest fails if the data is missing or too short", async () => {
  using temp = tempFolder();
  const path = join(temp.path, "data");
  await assert.rejects(new StreamDigest().finish(path, 1), /the partial file cannot be read/);
  Deno.writeFileSync(path, new Uint8Array(10));
  await assert.rejects(new StreamDigest().finish(path, 11), /shorter than what was written/);
});
