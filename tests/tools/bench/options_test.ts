import assert from "node:assert/strict";
import { parseBenchCommand } from "../../../tools/bench/options.ts";

const CASES = ["a", "b", "c"];

Deno.test("parseBenchCommand runs all cases for some minutes by default", () => {
  const { cases, rounds, minRounds, time } = parseBenchCommand([], CASES);
  assert.deepEqual([cases, rounds, minRounds], [CASES, 5, 2]);
  assert.ok(time < 600_000);
});

Deno.test("parseBenchCommand sets no time limit for a given number of rounds", () => {
  const { rounds, minRounds, time } = parseBenchCommand(["--quick", "--rounds=9"], CASES);
  assert.deepEqual([rounds, minRounds, time], [9, 9, Infinity]);
});

Deno.test("parseBenchCommand refuses an unknown case, and lists the known ones", () => {
  assert.deepEqual(parseBenchCommand(["--cases", "c,a"], CASES).cases, ["c", "a"]);
  assert.throws(() => parseBenchCommand(["--cases", "a,x"], CASES), {
    message: 'Option --cases needs letters of a, b, c, not "x"',
  });
});
