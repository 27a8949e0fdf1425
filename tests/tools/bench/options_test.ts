import assert from "node:assert/strict";
import { parseBenchCommand } from "../../../tools/bench/options.ts";

const CASES = ["a", "b", "c"];

Deno.test("parseBenchCommand runs all cases, for some minutes, unless told otherwise", () => {
  const { cases, rounds, leastRounds, time } = parseBenchCommand([], CASES);
  assert.deepEqual([cases, rounds, leastRounds], [CASES, 5, 2]);
  assert.ok(time < 600_000);
});

Deno.test("parseBenchCommand takes the time that a number of rounds needs", () => {
  const { rounds, leastRounds, time } = parseBenchCommand(["--quick", "--rounds=9"], CASES);
  assert.deepEqual([rounds, leastRounds, time], [9, 9, Infinity]);
});

Deno.test("parseBenchCommand refuses a case that there is not, and says which there are", () => {
  assert.deepEqual(parseBenchCommand(["--cases", "c,a"], CASES).cases, ["c", "a"]);
  assert.throws(() => parseBenchCommand(["--cases", "a,x"], CASES), {
    message: 'Option --cases needs letters of a, b, c, not "x"',
  });
});
