import fc from "fast-check";
import {
  comeToAnEnd,
  CommandRun,
  ENGINE_COMMANDS,
  type EngineCommand,
  STOP,
} from "../../support/engine_commands.ts";

/** Enough to meet all that two mishaps make of each other; takes a second or two. */
const RUNS = 400;

/** Plays random commands, then lets all come right; fast-check prints the seed of a failure. */
function assertHolds(commands: fc.Arbitrary<EngineCommand>[], verify: boolean): void {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 100, size: "large" }), (steps) => {
      const run = new CommandRun(verify);
      fc.modelRun(() => ({ model: {}, real: run }), steps);
      comeToAnEnd(run);
    }),
    { numRuns: RUNS },
  );
}

Deno.test("Engine brings each file to one end whatever happens, compared with digests", () => {
  assertHolds([...ENGINE_COMMANDS], true);
});

Deno.test("Engine brings each file to one end whatever happens, without digests", () => {
  assertHolds([...ENGINE_COMMANDS], false);
});

Deno.test("Engine does nothing but release after a stop, whatever happens", () => {
  assertHolds([...ENGINE_COMMANDS, ...STOP], true);
});
