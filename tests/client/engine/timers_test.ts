import assert from "node:assert/strict";
import { Timers } from "../../../lib/client/engine/timers.ts";

Deno.test("Timers.next is the earliest time, in any order of the items", () => {
  const timers = new Timers<string>();
  assert.equal(timers.next, Infinity);
  timers.add(500, "b");
  timers.add(100, "a");
  timers.add(900, "c");
  assert.equal(timers.next, 100);
});

Deno.test("Timers.take returns each item once, at its time and not before", () => {
  const timers = new Timers<string>();
  timers.add(500, "b");
  timers.add(100, "a");
  timers.add(500, "c");
  assert.deepEqual(timers.take(99.9), []);
  assert.deepEqual(timers.take(100), ["a"]);
  assert.deepEqual(timers.take(100), []);
  assert.equal(timers.next, 500);
  assert.deepEqual(timers.take(2000), ["b", "c"]);
  assert.equal(timers.next, Infinity);
  assert.deepEqual(timers.take(Infinity), []);
});

Deno.test("Timers.clear removes all items", () => {
  const timers = new Timers<string>();
  timers.add(100, "a");
  timers.clear();
  assert.equal(timers.next, Infinity);
  assert.deepEqual(timers.take(1000), []);
  timers.add(300, "b");
  assert.deepEqual([timers.next, timers.take(300)], [300, ["b"]]);
});
