/**
 * Kills clients in the middle of downloads, any number of times, and prints the figures.
 *
 *     deno run --allow-net --allow-read --allow-write --allow-run tools/soak_crash.ts --kills 200
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { crashRun } from "../tests/support/crash_run.ts";
import { freshSeed } from "../tests/support/seeded_random.ts";

const MB = 1_000_000;

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["kills", "seed", "rate", "life"] });
  const option = (name: string, usual: number) => Number(given[name] ?? usual);
  const seed = option("seed", freshSeed());
  const rate = option("rate", 60);
  const life = option("life", 2_500);
  const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  print(`seed ${seed}, ${rate} MB/s, clients live up to ${life} ms`);
  const figures = await crashRun({
    kills: option("kills", 200),
    seed,
    bytesPerSecond: rate * MB,
    maxLife: life,
    files: {
      "empty": 0,
      "one": 1,
      "chunk.bin": 65_536,
      "folder/odd.bin": 65_537,
      "folder/middle.bin": 3 * MB + 7,
      "folder/large.bin": 20 * MB + 1,
      "larger.bin": 43 * MB + 3,
      "largest.bin": 60 * MB,
    },
    report: print,
  });
  const ratio = figures.sent / figures.wanted;
  print(JSON.stringify({ ...figures, ratio: Number(ratio.toFixed(3)) }));
  if (figures.wrong > 0 || ratio > 1.2) Deno.exit(1);
}
