/**
 * Downloads over a bad line, any number of times, and prints how many runs went wrong.
 *
 *     deno run --allow-net --allow-read --allow-write --allow-run tools/soak_relay.ts --runs 200
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { messageOf } from "../lib/errors.ts";
import { writeLine } from "../lib/cli/main.ts";
import { fetchOverBadLine } from "../tests/support/hostile/bad_line_run.ts";

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["runs", "seed"] });
  const runs = Number(given.runs ?? 200);
  const first = Number(given.seed ?? 1);
  let wrong = 0;
  for (let seed = first; seed < first + runs; seed++) {
    try {
      await fetchOverBadLine(seed);
    } catch (error) {
      wrong++;
      writeLine(Deno.stdout, messageOf(error));
    }
  }
  writeLine(Deno.stdout, JSON.stringify({ runs, wrong }));
  Deno.exit(wrong === 0 ? 0 : 1);
}
