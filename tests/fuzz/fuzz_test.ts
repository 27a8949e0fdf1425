import { freshSeed } from "../support/seeded_random.ts";
import { fuzz } from "../support/fuzz/fuzz.ts";
import { CLIENT_TARGET, SERVER_TARGET } from "../support/fuzz/peer_targets.ts";
import { PURE_TARGETS } from "../support/fuzz/pure_targets.ts";

/** A misbehaving peer may have a timer left when its test is over. */
const OPTIONS = { sanitizeOps: false };

/**
 * How long each target is fuzzed, in milliseconds: 20 seconds in all. `deno task fuzz` runs longer.
 */
const DURATION_MS = 3_400;

for (const target of [...PURE_TARGETS, SERVER_TARGET, CLIENT_TARGET]) {
  // A failure's message contains its seed.
  Deno.test(`${target.name} survives mutated input`, OPTIONS, async () => {
    await fuzz(target, freshSeed(), DURATION_MS);
  });
}
