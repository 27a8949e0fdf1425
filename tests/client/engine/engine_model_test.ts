import fc from "fast-check";
import {
  comeToAnEnd,
  CommandRun,
  ENGINE_COMMANDS,
  type EngineCommand,
  STOP,
} from "../../support/engine_commands.ts";

/** Enough runs for every pair of mishaps; takes a second or two. */
const RUNS = 400;

/** Runs random commands, then completes the run; fast-check prints the seed of a failure. */
function assertHolds(commands: fc.Arbitrary<EngineCommand>[], verify: boolean): void {
  const anySteps = fc.commands(commands, { maxCommands: 100, size: "large" });
  fc.assert(
    fc.property(anySteps, fc.boolean(), (steps, once) => {
      const run = new CommandRun(verify, once);
      fc.modelRun(() => ({ model: {}, real: run }), steps);
      comeToAnEnd(run);
    }),
    { numRuns: RUNS },
  );
}

Deno.test("Engine brings each file to one end after any commands, with digests", () => {
  assertHolds([...ENGINE_COMMANDS], true);
});

Deno.test("Engine brings each file to one end after any commands, without digests", () => {
  assertHolds([...ENGINE_COMMANDS], false);
});

Deno.test("Engine only releases files after a stop, after any commands", () => {
  assertHolds([...ENGINE_COMMANDS, ...STOP], true);
});
