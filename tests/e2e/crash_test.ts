import assert from "node:assert/strict";
import { freshSeed } from "../support/seeded_random.ts";
import { crashRun } from "../support/crash_run.ts";
import { MB } from "../support/throttled_run.ts";

/** How many clients are killed; `tools/soak_crash.ts` kills more. */
const KILLS = 12;
/** The most that the server may send, as a multiple of the bytes of the files. */
const MAX_SENT = 1.2;

Deno.test("client that is killed repeatedly never shows a wrong file, and resumes", async () => {
  const seed = freshSeed();
  const figures = await crashRun({
    kills: KILLS,
    seed,
    bytesPerSecond: 10 * MB,
    maxLife: 4_000,
    files: {
      "empty": 0,
      "one": 1,
      "chunk.bin": 65_536,
      "folder/odd.bin": 65_537,
      "folder/deep/middle.bin": 3 * MB + 7,
      "large.bin": 20 * MB + 1,
      "larger.bin": 21 * MB,
    },
  });
  const failureText = `seed ${seed}: ${JSON.stringify(figures)}`;
  assert.equal(figures.kills, KILLS, failureText);
  assert.equal(figures.wrong, 0, failureText);
  assert.ok(figures.checks > 0, failureText);
  assert.ok(figures.sent <= MAX_SENT * figures.wanted, failureText);
});
