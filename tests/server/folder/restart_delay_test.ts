import assert from "node:assert/strict";
import { RestartDelay } from "../../../lib/server/folder/restart_delay.ts";

Deno.test("RestartDelay doubles up to an hour, and begins again after a watch that lived long", () => {
  const delay = new RestartDelay();
  const delays = Array.from({ length: 20 }, () => delay.next(1_000));
  assert.deepEqual(delays.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
  assert.equal(delays.at(-1), 3_600_000);
  assert.equal(delay.next(600_000), 1_000);
  assert.equal(delay.next(5_000), 2_000);
});
