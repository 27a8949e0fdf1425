import { freshSeed } from "../support/seeded_random.ts";
import { fuzz } from "../support/fuzz/fuzz.ts";
import { CLIENT_TARGET, SERVER_TARGET } from "../support/fuzz/peer_targets.ts";
import { PURE_TARGETS } from "../support/fuzz/pure_targets.ts";

/** A peer that misbehaves may still be pausing when its test is over. */
const OPTIONS = { sanitizeOps: false };

/**
 * How long each target is fed, in milliseconds: 20 seconds in all. `deno task fuzz` feeds it
 * longer.
 */
const DURATION_MS = 3_400;

for (const target of [...PURE_TARGETS, SERVER_TARGET, CLIENT_TARGET]) {
  // The seed of a failure is in its message.
  Deno.test(`${target.name} stands mutated input`, OPTIONS, async () => {
    await fuzz(target, freshSeed(), DURATION_MS);
  });
}
