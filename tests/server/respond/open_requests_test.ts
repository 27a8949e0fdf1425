import assert from "node:assert/strict";
import { OpenRequests } from "../../../lib/server/respond/open_requests.ts";

Deno.test("OpenRequests.has holds for requests without a response", async () => {
  const open = new OpenRequests(10);
  await open.enter(1);
  await open.enter(4_294_967_295);
  assert.ok(open.has(1) && open.has(4_294_967_295) && !open.has(2));
  open.leave(1);
  assert.ok(!open.has(1) && open.has(4_294_967_295));
  open.leave(4_294_967_295);
});

Deno.test("OpenRequests.paths lists the files that open requests are about", async () => {
  const open = new OpenRequests(10);
  await open.enter(1, "a");
  await open.enter(2, "a");
  await open.enter(3, "b");
  await open.enter(4);
  assert.deepEqual([...open.paths], ["a", "a", "b"]);
  open.leave(1);
  assert.deepEqual([...open.paths], ["a", "b"]);
  open.clear();
  assert.deepEqual([...open.paths], []);
});

Deno.test("OpenRequests makes a request wait while the limit is reached", async () => {
  const open = new OpenRequests(2);
  await open.enter(1);
  await open.enter(2);
  let entered = false;
  const third = open.enter(3).then(() => entered = true);
  await settle();
  assert.ok(!entered && !open.has(3));
  // Closing a request that is not open has no effect.
  open.leave(77);
  await settle();
  assert.ok(!entered);
  open.leave(1);
  await third;
  assert.ok(open.has(3));
});

Deno.test("OpenRequests serves a stream of requests with a low limit", async () => {
  const open = new OpenRequests(3);
  let most = 0;
  let now = 0;
  for (let id = 1; id <= 200; id++) {
    await open.enter(id);
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      open.leave(id);
    }, id % 3);
  }
  await open.allAnswered;
  assert.equal(now, 0);
  assert.equal(most, 3);
});

Deno.test("OpenRequests.allAnswered resolves for all callers when the last request is answered", async () => {
  const open = new OpenRequests(10);
  await open.allAnswered;
  await open.enter(1);
  await open.enter(2);
  let told = 0;
  const waiting = [1, 2, 3].map(() => open.allAnswered.then(() => told++));
  open.leave(1);
  await settle();
  assert.equal(told, 0);
  open.leave(2);
  await Promise.all(waiting);
  assert.equal(told, 3);
  await open.allAnswered;
});

Deno.test("OpenRequests.clear closes all requests", async () => {
  const open = new OpenRequests(2);
  await open.enter(1);
  await open.enter(2);
  const answered = open.allAnswered;
  const third = open.enter(3);
  open.clear();
  await answered;
  assert.ok(!open.has(1) && !open.has(2));
  // A request that waited is opened, and is closed as usual.
  await third;
  open.leave(3);
  await open.allAnswered;
});

/** Waits until all promises that can settle have settled. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
