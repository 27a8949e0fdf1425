import assert from "node:assert/strict";
import { OutputQueue } from "../../lib/text/output_queue.ts";
import { writeText } from "../../lib/text/write_text.ts";

/** An output that takes bytes only while it is open. */
class Tap {
  text = "";
  writes = 0;
  #opened = Promise.withResolvers<void>();

  constructor(isOpen: boolean) {
    if (isOpen) this.open();
  }

  open(): void {
    this.#opened.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    await this.#opened.promise;
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }
}

const dropped = (lines: number) => `${lines} dropped`;

Deno.test("OutputQueue writes the lines of one moment together, in their order", async () => {
  const tap = new Tap(true);
  const queue = new OutputQueue(tap, { dropped });
  for (const line of ["one", "two", "three"]) writeText(queue, `${line}\n`);
  assert.equal(tap.text, "");
  await queue.end();
  assert.deepEqual([tap.text, tap.writes], ["one\ntwo\nthree\n", 1]);
});

Deno.test("OutputQueue drops the oldest lines of an output that takes none, and counts them", async () => {
  const tap = new Tap(false);
  const queue = new OutputQueue(tap, { dropped, maxBytes: 100 });
  writeText(queue, "first\n");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(tap.writes, 1);
  for (let line = 10; line < 50; line++) writeText(queue, `line ${line}\n`);
  tap.open();
  await queue.end();
  const kept = Array.from({ length: 12 }, (_, i) => `line ${i + 38}\n`).join("");
  assert.equal(tap.text, `first\n28 dropped\n${kept}`);
});

Deno.test("OutputQueue bounds the number of lines that wait, and keeps a long last one", async () => {
  const tap = new Tap(true);
  const queue = new OutputQueue(tap, { dropped, maxBytes: 1_000_000 });
  for (let line = 0; line < 20_000; line++) writeText(queue, "\n");
  writeText(queue, "x".repeat(2_000_000) + "\n");
  await queue.end();
  assert.equal(tap.text, `20000 dropped\n${"x".repeat(2_000_000)}\n`);
});

Deno.test("OutputQueue's end gives up an output that takes nothing", async () => {
  const tap = new Tap(false);
  const queue = new OutputQueue(tap, { dropped });
  writeText(queue, "never\n");
  await queue.end();
  assert.equal(tap.text, "");
  writeText(queue, "too late\n");
  await queue.end();
  tap.open();
});

Deno.test("OutputQueue writes all to an output that takes a byte at a time, or none for a moment", async () => {
  let text = "";
  let calls = 0;
  const queue = new OutputQueue({
    write: (bytes) => {
      if (++calls === 2) return Promise.reject(new Deno.errors.WouldBlock("later"));
      text += String.fromCharCode(bytes[0]!);
      return Promise.resolve(1);
    },
  }, { dropped });
  writeText(queue, "slow\n");
  await queue.end();
  assert.equal(text, "slow\n");
});

Deno.test("OutputQueue forgets the lines for an output that is closed", async () => {
  const queue = new OutputQueue(
    { write: () => Promise.reject(new Deno.errors.BrokenPipe("closed")) },
    { dropped },
  );
  writeText(queue, "lost\n");
  await queue.end();
  assert.equal(queue.writeSync(new Uint8Array(9)), 9);
  await queue.end();
});
