import assert from "node:assert/strict";
import type { GetRecorder } from "../support/get_recorder.ts";
import { eventually, interruptTest } from "../support/harness.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

const FILES = ["critical.bin", "high.bin", "normal.bin"] as const;

/** How much of the line a file is to have, by path. */
type Shares = Readonly<Record<typeof FILES[number], number>>;

/** What was asked for in a span of time. */
interface Asked {
  readonly bytes: Readonly<Record<string, number>>;
  readonly total: number;
  readonly largestChunk: number;
}

/** Waits until a moment has passed on the line, and some GET came after it. */
async function passed(recorder: GetRecorder, moment: number): Promise<void> {
  await eventually(() => assert.ok((recorder.gets.at(-1)?.at ?? 0) >= moment));
}

/** When a file was first asked for while all others were, too. */
async function competitionStart(recorder: GetRecorder): Promise<number> {
  return await eventually(() => {
    const firsts = FILES.map((path) => recorder.gets.find((get) => get.path === path)?.at);
    for (const first of firsts) assert.ok(first !== undefined);
    return Math.max(...firsts as number[]);
  });
}

function asked(recorder: GetRecorder, from: number, to: number): Asked {
  const bytes = Object.fromEntries(FILES.map((path) => [path, recorder.bytesOf(path, from, to)]));
  const chunks = recorder.gets.filter(({ at }) => at >= from && at < to);
  return {
    bytes,
    total: Object.values(bytes).reduce((sum, count) => sum + count, 0),
    largestChunk: Math.max(...chunks.map(({ length }) => length)),
  };
}

/** Asserts that what was asked for is shared as it should be, give or take a part or a chunk. */
function assertShares({ bytes, total, largestChunk }: Asked, shares: Shares, part: number): void {
  assert.ok(total > 0, "nothing was asked for");
  const weights = Object.values(shares).reduce((sum, weight) => sum + weight, 0);
  for (const [path, weight] of Object.entries(shares)) {
    const wanted = total * weight / weights;
    assert.ok(
      Math.abs(bytes[path]! - wanted) <= Math.max(wanted * part, largestChunk),
      `${path} has ${bytes[path]} of ${total} bytes, ${Math.round(wanted)} are its share; ` +
        `all: ${JSON.stringify(bytes)}, chunks of ${largestChunk}`,
    );
  }
}

interruptTest("client shares a line of 25 MB/s 10:4:1 between the priorities", async () => {
  await using run = await ThrottledRun.start({
    files: {},
    sparse: Object.fromEntries(FILES.map((path) => [path, 200 * MB])),
    input: "normal.bin\nhigh.bin HIGH\ncritical.bin CRITICAL\n",
    bytesPerSecond: 25 * MB,
  });
  const { recorder, client } = run;
  const start = await competitionStart(recorder);
  await passed(recorder, start + 5_000);
  client.interrupt();
  assert.equal((await client.ended()).code, 130);
  const competed = asked(recorder, start + 1_000, start + 5_000);
  assertShares(competed, { "critical.bin": 10, "high.bin": 4, "normal.bin": 1 }, 0.1);
});

interruptTest("client shares a line of 1 MB/s anew within 1.5 s of an edit", async () => {
  await using run = await ThrottledRun.start({
    files: {},
    sparse: Object.fromEntries(FILES.map((path) => [path, 50 * MB])),
    input: "critical.bin CRITICAL\nhigh.bin HIGH\nnormal.bin\n",
    bytesPerSecond: 1 * MB,
  });
  const { recorder, client, workspace } = run;
  const start = await competitionStart(recorder);
  await passed(recorder, start + 3_000);
  const before = asked(recorder, start + 1_000, start + 3_000);
  assertShares(before, { "critical.bin": 10, "high.bin": 4, "normal.bin": 1 }, 0.25);
  await workspace.setInput("critical.bin\nhigh.bin HIGH\nnormal.bin CRITICAL\n");
  const edit = performance.now();
  await passed(recorder, edit + 2_500);
  client.interrupt();
  assert.equal((await client.ended()).code, 130);
  const after = asked(recorder, edit + 1_500, edit + 2_500);
  assertShares(after, { "critical.bin": 1, "high.bin": 4, "normal.bin": 10 }, 0.25);
});
