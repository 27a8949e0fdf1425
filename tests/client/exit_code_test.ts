import assert from "node:assert/strict";
import fc from "fast-check";
import { exitCodeOf, type Outcome } from "../../lib/client/exit_code.ts";

const ALL_DONE: Outcome = {
  unverified: 0,
  failed: 0,
  unfound: 0,
  misread: 0,
  underway: 0,
  unreachable: false,
  interrupted: false,
};

for (
  const [name, outcome, code] of [
    ["all is done", {}, 0],
    ["a file failed", { failed: 1 }, 1],
    ["a name was never found", { unfound: 1 }, 1],
    ["a line was not understood", { misread: 1 }, 2],
    ["a line was not understood, and a file failed", { misread: 1, failed: 1 }, 2],
    ["a line was not understood, and a file has a wrong digest", { misread: 1, unverified: 1 }, 4],
    ["the server is unreachable", { unreachable: true }, 3],
    ["the server is unreachable with files unfinished", { unreachable: true, underway: 2 }, 3],
    ["a file failed its verification", { unverified: 1 }, 4],
    ["the user interrupts with files unfinished", { interrupted: true, underway: 1 }, 130],
    ["the user ends a client that is done", { interrupted: true }, 0],
    ["the user ends a client that waits for a name", { interrupted: true, unfound: 1 }, 1],
    ["the user ends a client with a failed file", { interrupted: true, failed: 1 }, 1],
    ["the user ends a client without a server", { interrupted: true, unreachable: true }, 3],
  ] as const
) {
  Deno.test(`exitCodeOf is ${code} if ${name}`, () => {
    assert.equal(exitCodeOf({ ...ALL_DONE, ...outcome }), code);
  });
}

Deno.test("exitCodeOf returns the code of the worst that happened: 4, then 130, 3, 1", () => {
  const count = fc.oneof(fc.constant(0), fc.nat(5));
  const outcome = fc.record({
    unverified: count,
    failed: count,
    unfound: count,
    misread: count,
    underway: count,
    unreachable: fc.boolean(),
    interrupted: fc.boolean(),
  });
  fc.assert(fc.property(outcome, (outcome) => {
    const code = exitCodeOf(outcome);
    const happened = [
      [4, outcome.unverified > 0],
      [130, outcome.interrupted && outcome.underway > 0],
      [3, outcome.unreachable],
      [2, outcome.misread > 0],
      [1, outcome.failed > 0 || outcome.unfound > 0],
      [0, true],
    ] as const;
    assert.equal(code, happened.find(([, isTrue]) => isTrue)![0]);
  }));
});
