import assert from "node:assert/strict";
import { OpenLimit } from "../../../lib/client/disk/open_limit.ts";

function lack(): Error {
  return Object.assign(new Error("Too many open files"), { code: "EMFILE" });
}

Deno.test("OpenLimit runs a bounded number of actions at once, and each of them", async () => {
  const limit = new OpenLimit(() => {});
  let [running, most, kept] = [0, 0, Infinity];
  const results = await Promise.all(Array.from({ length: 200 }, (_, i) =>
    limit.run(async () => {
      most = Math.max(most, ++running);
      kept = Math.min(kept, limit.kept);
      await new Promise((resolve) => setTimeout(resolve, 0));
      running--;
      return i;
    })));
  assert.deepEqual(results, Array.from({ length: 200 }, (_, i) => i));
  assert.equal(most, 32);
  assert.equal(kept, 32, "two files for each action, and these");
  assert.equal(limit.kept, 96);
});

Deno.test("OpenLimit runs an action again until it has descriptors, with a lower bound", async () => {
  let trims = 0;
  const limit = new OpenLimit(() => trims++);
  let tries = 0;
  const result = await limit.run(() => {
    if (++tries < 3) throw tries === 1 ? lack() : new Error("it failed", { cause: lack() });
    return Promise.resolve("done");
  });
  assert.deepEqual([result, tries], ["done", 3]);
  assert.equal(limit.kept, 24);
  assert.ok(trims >= 3);
});

Deno.test("OpenLimit passes on every other error, and goes on", async () => {
  const limit = new OpenLimit(() => {});
  const failures = Array.from({ length: 100 }, () => limit.run(() => Promise.reject("no")));
  assert.ok((await Promise.allSettled(failures)).every(({ status }) => status === "rejected"));
  assert.equal(await limit.run(() => Promise.resolve(1)), 1);
  assert.equal(limit.kept, 96);
});
