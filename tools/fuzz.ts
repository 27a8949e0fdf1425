/**
 * Feeds mutated input to everything that takes input from outside, for a given time.
 *
 *     deno task fuzz --minutes 10 --seed 1 --target server
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { fuzz } from "../tests/support/fuzz/fuzz.ts";
import { CLIENT_TARGET, SERVER_TARGET } from "../tests/support/fuzz/peer_targets.ts";
import { PURE_TARGETS } from "../tests/support/fuzz/pure_targets.ts";
import { freshSeed } from "../tests/support/seeded_random.ts";

const MB = 1_000_000;

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["minutes", "seed", "target"] });
  const minutes = Number(given.minutes ?? 1);
  const seed = Number(given.seed ?? freshSeed());
  const targets = [...PURE_TARGETS, SERVER_TARGET, CLIENT_TARGET]
    .filter(({ name }) => given.target === undefined || given.target === name);
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  const resident = () => `${Math.round(Deno.memoryUsage().rss / MB)} MB resident`;
  print(`seed ${seed}, ${minutes} min, ${resident()}`);
  for (const target of targets) {
    const tries = await fuzz(target, seed, minutes * 60_000 / targets.length);
    print(`${target.name}: ${tries} tries, ${resident()}`);
  }
}
