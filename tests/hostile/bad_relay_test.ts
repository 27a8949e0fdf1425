import { fetchThroughBadLine } from "./bad_line_run.ts";

// Not the operations: a peer that misbehaves may still be pausing when its test is over.
Deno.test.sanitizer({ ops: false, resources: true });

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`client fetches all through a bad line, seed ${seed}`, async () => {
    await fetchThroughBadLine(seed);
  });
}
