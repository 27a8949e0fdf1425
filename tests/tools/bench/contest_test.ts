import assert from "node:assert/strict";
import { type Contestant, holdContest } from "../../../tools/bench/contest.ts";
import type { Role } from "../../../tools/bench/report.ts";

const signal = new AbortController().signal;
const OPTIONS = {
  rounds: 3,
  minRounds: 3,
  deadline: Infinity,
  skipsSlowPeers: false,
  onRound: () => {},
  signal,
};

/** A contestant that always takes the same time, and records each turn. */
function contestant(name: string, role: Role, seconds: number, turns: string[] = []): Contestant {
  const run = () => {
    turns.push(name);
    return Promise.resolve({ seconds });
  };
  return { name, role, run };
}

Deno.test("holdContest gives every contestant a turn in each round", async () => {
  const turns: string[] = [];
  const all = ["A", "B", "C"].map((name) => contestant(name, "peer", 1, turns));
  const rows = await holdContest(all, OPTIONS);
  assert.equal(turns.join(""), "ABCABCABC");
  assert.deepEqual(rows.map(({ samples }) => samples.length), [3, 3, 3]);
});

Deno.test("holdContest warms up before the first round without measuring", async () => {
  const turns: string[] = [];
  const cold = contestant("cold", "sluice", 1, turns);
  const warm = {
    ...contestant("warm", "sluice", 1, turns),
    warmUp: () => {
      turns.push("warm up");
      return Promise.resolve();
    },
  };
  await holdContest([cold, warm], { ...OPTIONS, rounds: 1 });
  assert.deepEqual(turns, ["warm up", "cold", "warm"]);
});

Deno.test("holdContest skips peers that are slow by far, but never Sluice", async () => {
  const all = [
    contestant("sluice", "sluice", 1),
    contestant("slow sluice", "sluice", 9),
    contestant("near", "peer", 2.9),
    contestant("far", "peer", 3.1),
  ];
  const rows = await holdContest(all, { ...OPTIONS, skipsSlowPeers: true });
  const taken = rows.map(({ samples }) => samples.filter((sample) => sample !== null).length);
  assert.deepEqual(taken, [3, 3, 3, 2]);
});

Deno.test("holdContest continues without a contestant that fails, and keeps its reason and rounds", async () => {
  let turn = 0;
  const failing: Contestant = {
    name: "failing",
    role: "peer",
    run: () =>
      turn++ === 0 ? Promise.resolve({ seconds: 1 }) : Promise.reject(new Error("It broke")),
  };
  const rows = await holdContest([failing, contestant("other", "peer", 1)], OPTIONS);
  assert.equal(rows[0]!.failure, "It broke");
  assert.deepEqual(rows[0]!.samples, [{ seconds: 1 }, null, null]);
  assert.equal(rows[1]!.samples.length, 3);
  assert.equal(turn, 2);
});

Deno.test("holdContest starts no round after the deadline, except the minimum", async () => {
  const past = { deadline: performance.now() - 1 };
  const rows = await holdContest([contestant("A", "peer", 1)], {
    ...OPTIONS,
    ...past,
    rounds: 5,
    minRounds: 2,
  });
  assert.equal(rows[0]!.samples.length, 2);
});

Deno.test("holdContest ends with the signal's reason", async () => {
  const controller = new AbortController();
  const run = () => {
    controller.abort();
    return Promise.reject(new Error("Killed"));
  };
  await assert.rejects(
    holdContest([{ name: "A", role: "peer", run }], { ...OPTIONS, signal: controller.signal }),
    { name: "AbortError" },
  );
});
