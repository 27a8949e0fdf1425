import { fetchOverBadLine } from "../support/hostile/bad_line_run.ts";

/** A misbehaving peer may have a timer left when its test is over. */
const OPTIONS = { sanitizeOps: false };

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`client fetches all files over a bad line, seed ${seed}`, OPTIONS, async () => {
    await fetchOverBadLine(seed);
  });
}
