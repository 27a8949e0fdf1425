import assert from "node:assert/strict";
import { Queue } from "../../lib/async/queue.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("Queue.shift returns items in the order of push, however the calls alternate", () => {
  const random = seededRandom(5);
  const fifo = new Queue<number>();
  const expected: number[] = [];
  let next = 0;
  for (let step = 0; step < 50_000; step++) {
    // First it grows, then it shrinks to nothing.
    const grows = step < 20_000 ? 3 : 1;
    if (random.below(4) < grows) {
      fifo.push(next);
      expected.push(next++);
    } else assert.equal(fifo.shift(), expected.shift());
    assert.equal(fifo.size, expected.length);
  }
  while (expected.length > 0) assert.equal(fifo.shift(), expected.shift());
  assert.equal(fifo.shift(), undefined);
  assert.equal(fifo.size, 0);
});
