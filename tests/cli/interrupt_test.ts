import assert from "node:assert/strict";
import { endingSignals, interruptSignal } from "../../lib/cli/interrupt.ts";

Deno.test("endingSignals returns the signals that each system has", () => {
  assert.deepEqual(endingSignals("linux"), ["SIGINT", "SIGTERM"]);
  assert.deepEqual(endingSignals("darwin"), ["SIGINT", "SIGTERM"]);
  assert.deepEqual(endingSignals("windows"), ["SIGINT", "SIGBREAK"]);
});

Deno.test("interruptSignal listens until it is disposed", () => {
  {
    using interrupted = interruptSignal();
    assert.equal(interrupted.aborted, false);
  }
  // The sanitizer finds a listener that is left.
  using again = interruptSignal();
  assert.equal(again.aborted, false);
});
