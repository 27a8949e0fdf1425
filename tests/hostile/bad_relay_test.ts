import { fetchThroughBadLine } from "./bad_line_run.ts";

Deno.test.sanitizer({ ops: true, resources: true });

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`client fetches all through a bad line, seed ${seed}`, async () => {
    await fetchThroughBadLine(seed);
  });
}
