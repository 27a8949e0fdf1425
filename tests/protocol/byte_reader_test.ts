import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ConnectionLostError } from "../../lib/errors.ts";
import { ByteReader, OWN_BUFFER_SIZE } from "../../lib/protocol/byte_reader.ts";

/** How many bytes a read may bring beyond the requested ones. */
const LOOK_AHEAD = 16 * 1024;

Deno.test("ByteReader returns exact reads of a stream with one byte per read", async () => {
  const { stream } = source(count(1000), () => 1);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  let at = 0;
  for (const length of [1, 2, 64, 8, 500, 425]) {
    assert.deepEqual(await copyOf(reader, length), count(1000).slice(at, at += length));
  }
  assert.equal(await reader.read(1), null);
});

Deno.test("ByteReader returns the same bytes however the network splits them", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 40 }),
    async (reads, pieces) => {
      const total = reads.reduce((a, b) => a + b, 0);
      const bytes = count(total);
      const { stream } = source(bytes, (pull) => pieces[pull % pieces.length]!);
      const reader = new ByteReader(stream, LOOK_AHEAD);
      let at = 0;
      for (const length of reads) {
        const got = await reader.read(length);
        assert.ok(Buffer.from(bytes.subarray(at, at += length)).equals(got!));
      }
      assert.equal(await reader.read(1), null);
    },
  ));
});

Deno.test("ByteReader returns the same bytes around the sizes of its buffer", async () => {
  const sizes = [LOOK_AHEAD, 2 * LOOK_AHEAD, 3 * LOOK_AHEAD, 4 * LOOK_AHEAD];
  const reads = sizes.flatMap((size) => [64, size - 1, 64, size, 64, size + 1, 1]);
  const bytes = count(reads.reduce((a, b) => a + b));
  for (const piece of [777, LOOK_AHEAD, Infinity]) {
    const reader = new ByteReader(source(bytes, () => piece).stream, LOOK_AHEAD);
    let at = 0;
    for (const length of reads) {
      const got = await reader.read(length);
      assert.ok(Buffer.from(bytes.subarray(at, at += length)).equals(got!), `${length} at ${at}`);
    }
    assert.equal(await reader.read(64), null);
  }
});

Deno.test("ByteReader returns reads that are larger than its buffer", async () => {
  const sizes = [4 * 1024 * 1024 + 8, 64, 4 * 1024 * 1024 + 8, 64, 1024 * 1024];
  const bytes = count(sizes.reduce((a, b) => a + b));
  const reader = new ByteReader(
    source(bytes, (pull) => 50_000 + pull * 7919 % 50_000).stream,
    LOOK_AHEAD,
  );
  let at = 0;
  for (const size of sizes) {
    const got = await reader.read(size);
    assert.ok(Buffer.from(bytes.subarray(at, at += size)).equals(got!));
  }
  assert.equal(await reader.read(1), null);
});

Deno.test("ByteReader returns null at an end between two reads", async () => {
  for (const length of [0, 1, 64, LOOK_AHEAD, 5 * LOOK_AHEAD]) {
    const reader = new ByteReader(source(count(length), () => Infinity).stream, LOOK_AHEAD);
    if (length > 0) await reader.read(length);
    for (let i = 0; i < 3; i++) assert.equal(await reader.read(64), null);
  }
});

Deno.test("ByteReader throws at an end inside a read", async () => {
  for (const length of [1, 63, LOOK_AHEAD, 100_000]) {
    for (const piece of [1000, Infinity]) {
      const reader = new ByteReader(source(count(100 + length), () => piece).stream, LOOK_AHEAD);
      await reader.read(100);
      await assert.rejects(reader.read(length + 1), ConnectionLostError);
    }
  }
});

Deno.test("ByteReader fails as its stream does", async () => {
  const failure = new Error("Connection reset");
  const stream = new ReadableStream({
    type: "bytes",
    pull() {
      throw failure;
    },
  });
  const reader = new ByteReader(stream, LOOK_AHEAD);
  await assert.rejects(reader.read(1), (error) => error === failure);
});

Deno.test("ByteReader does not change returned bytes until the next call", async () => {
  const { stream, pulls } = source(count(300), () => 64);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  const first = await reader.read(40);
  const pullsOfFirst = pulls.length;
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([...first!], [...count(40)]);
  assert.equal(pulls.length, pullsOfFirst, "it read ahead without a call");
  // The rest of the piece is buffered, so the stream is not read.
  assert.deepEqual([...(await reader.read(24))!], [...count(64).subarray(40)]);
  assert.equal(pulls.length, pullsOfFirst);
});

Deno.test("ByteReader reuses one buffer, whatever the sizes of its reads", async () => {
  const { stream, pulls } = source(count(4_000_000), () => 9000);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  for (let i = 0; i < 15; i++) {
    await reader.read(64);
    await reader.read(200_000);
  }
  const sizes = new Set(pulls.map(({ view }) => view.buffer.byteLength));
  assert.ok(sizes.size <= 2, `buffers of ${[...sizes].join(", ")} bytes`);
});

Deno.test("ByteReader gives large reads a buffer of their own, which may be transferred", async () => {
  const sizes = [64, OWN_BUFFER_SIZE, 64, 300_000, OWN_BUFFER_SIZE - 1, 200_000, 1_000_000, 64];
  const bytes = count(sizes.reduce((a, b) => a + b));
  for (const piece of [50_000, Infinity]) {
    const reader = new ByteReader(source(bytes, () => piece).stream, LOOK_AHEAD);
    let at = 0;
    for (const size of sizes) {
      assert.ok(size < OWN_BUFFER_SIZE || reader.peek(size) === null, "peek returned a large read");
      const got = await reader.read(size);
      assert.ok(Buffer.from(bytes.subarray(at, at += size)).equals(got!), `${size} at ${at}`);
      if (size < OWN_BUFFER_SIZE) continue;
      assert.equal(got!.byteOffset, 0);
      structuredClone(got!.buffer, { transfer: [got!.buffer as ArrayBuffer] });
    }
    assert.equal(await reader.read(1), null);
  }
});

Deno.test("ByteReader reuses the buffers that it gets back", async () => {
  const reader = new ByteReader(source(count(4_000_000), () => 9000).stream, LOOK_AHEAD);
  const buffers: ArrayBuffer[] = [];
  for (let i = 0; i < 15; i++) {
    await reader.read(64);
    const { buffer } = (await reader.read(200_000))!;
    const transferred = structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    new Uint8Array(transferred).fill(i);
    buffers.push(transferred as ArrayBuffer);
    if (i >= 2) reader.recycle(buffers.shift()!);
  }
  // The content of a recycled buffer shows that it is the same memory.
  const { buffer } = (await reader.read(OWN_BUFFER_SIZE))!;
  assert.equal(new Uint8Array(buffer).at(-1), 12);
});

Deno.test("ByteReader never reads more than the requested bytes and its look-ahead", async () => {
  const { stream, pulls } = source(count(3_000_000), () => Infinity);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  let taken = 0;
  for (const length of [64, 1_000_000, 64, 10, 64, 500_000, 64]) {
    const before = pulls.length;
    await reader.read(length);
    taken += length;
    for (const { view } of pulls.slice(before)) {
      assert.ok(view.byteLength <= length + LOOK_AHEAD, `${view.byteLength} for ${length}`);
    }
    const pulled = pulls.reduce((sum, { brought }) => sum + brought, 0);
    assert.ok(pulled - taken <= LOOK_AHEAD, `${pulled - taken} bytes ahead`);
  }
});

Deno.test("ByteReader waits for the requested bytes, and for no more", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => release = resolve);
  const bytes = count(100);
  const { stream, pulls } = source(bytes, () => 16, (pull) => pull === 6 ? gate : undefined);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  // 5 × 16 = 80 bytes arrive at once: enough for a read of 70, although not for its look-ahead.
  assert.equal((await reader.read(70))!.length, 70);
  assert.equal(pulls.length, 5);
  let done = false;
  const rest = copyOf(reader, 30).then((got) => (done = true, got));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(done, false, "it returned before its bytes had arrived");
  release();
  assert.deepEqual(await rest, bytes.slice(70));
});

Deno.test("ByteReader reads a stream that enqueues as well as one that fills its buffer", async () => {
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      controller.enqueue(count(1000).slice(at, at += 7));
    },
  });
  const reader = new ByteReader(stream, LOOK_AHEAD);
  assert.deepEqual(await copyOf(reader, 64), count(64));
  assert.deepEqual(await copyOf(reader, 10), count(74).slice(64));
});

Deno.test("ByteReader.peek shows buffered bytes, and returned bytes stay unchanged", async () => {
  const bytes = count(400);
  const { stream, pulls } = source(bytes, () => 100);
  const reader = new ByteReader(stream, LOOK_AHEAD);
  assert.equal(reader.peek(1), null);
  const first = await reader.read(40);
  assert.deepEqual(reader.peek(60), bytes.slice(40, 100));
  assert.equal(reader.peek(61), null);
  reader.skip(10);
  assert.deepEqual(reader.peek(50), bytes.slice(50, 100));
  assert.deepEqual(first, bytes.slice(0, 40));
  assert.equal(pulls.length, 1);
  assert.deepEqual(await copyOf(reader, 350), bytes.slice(50));
});

/** Bytes that differ by position. */
function count(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i ^ i >> 8 ^ i >> 16;
  return bytes;
}

async function copyOf(reader: ByteReader, length: number): Promise<Uint8Array | undefined> {
  return (await reader.read(length))?.slice();
}

/**
 * A stream like that of a connection, which fills the reader's own buffer.
 *
 * @param size The maximum number of bytes of a pull; pulls are counted from 0.
 * @param wait Returns the promise that a pull waits for; pulls are counted from 1.
 */
function source(
  bytes: Uint8Array,
  size: (pull: number) => number,
  wait: (pull: number) => Promise<void> | undefined = () => undefined,
) {
  const pulls: { view: { buffer: { byteLength: number }; byteLength: number }; brought: number }[] =
    [];
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view as Uint8Array;
      const brought = Math.min(size(pulls.length), view.byteLength, bytes.length - at);
      // Read the sizes now, because `respond` detaches the view.
      const { byteLength, buffer } = view;
      pulls.push({ view: { byteLength, buffer: { byteLength: buffer.byteLength } }, brought });
      await wait(pulls.length);
      view.set(bytes.subarray(at, at += brought));
      if (brought === 0) controller.close();
      request.respond(brought);
    },
  });
  return { stream, pulls };
}
