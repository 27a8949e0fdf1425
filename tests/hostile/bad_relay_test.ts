import { fetchThroughBadLine } from "../support/hostile/bad_line_run.ts";

/** A peer that misbehaves may still be pausing when its test is over. */
const OPTIONS = { sanitizeOps: false };

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`client fetches all through a bad line, seed ${seed}`, OPTIONS, async () => {
    await fetchThroughBadLine(seed);
  });
}
