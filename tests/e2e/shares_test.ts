import assert from "node:assert/strict";
import type { GetRecorder } from "../support/get_recorder.ts";
import { eventually, interruptTest } from "../support/harness.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

const FILES = ["critical.bin", "high.bin", "normal.bin"] as const;

/** The expected share of each file, by path, as a weight. */
type Shares = Readonly<Record<typeof FILES[number], number>>;

/** The requests in a span of time. */
interface Requested {
  readonly bytes: Readonly<Record<string, number>>;
  readonly total: number;
  readonly largestChunk: number;
}

/** Waits until some GET was sent after a moment. */
async function waitForGetAfter(recorder: GetRecorder, moment: number): Promise<void> {
  await eventually(() => assert.ok((recorder.gets.at(-1)?.at ?? 0) >= moment));
}

/** The time since which every file has been requested at least once. */
async function competitionStart(recorder: GetRecorder): Promise<number> {
  return await eventually(() => {
    const firsts = FILES.map((path) => recorder.gets.find((get) => get.path === path)?.at);
    for (const first of firsts) assert.ok(first !== undefined);
    return Math.max(...firsts as number[]);
  });
}

function requestedBetween(recorder: GetRecorder, from: number, to: number): Requested {
  const bytes = Object.fromEntries(FILES.map((path) => [path, recorder.bytesOf(path, from, to)]));
  const chunks = recorder.gets.filter(({ at }) => at >= from && at < to);
  return {
    bytes,
    total: Object.values(bytes).reduce((sum, count) => sum + count, 0),
    largestChunk: Math.max(...chunks.map(({ length }) => length)),
  };
}

/** Asserts that the requests follow the shares, within a fraction or a chunk. */
function assertShares(
  { bytes, total, largestChunk }: Requested,
  shares: Shares,
  tolerance: number,
): void {
  assert.ok(total > 0, "nothing was requested");
  const weights = Object.values(shares).reduce((sum, weight) => sum + weight, 0);
  for (const [path, weight] of Object.entries(shares)) {
    const expected = total * weight / weights;
    assert.ok(
      Math.abs(bytes[path]! - expected) <= Math.max(expected * tolerance, largestChunk),
      `${path} has ${bytes[path]} of ${total} bytes, ${Math.round(expected)} are its share; ` +
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
  await waitForGetAfter(recorder, start + 5_000);
  client.interrupt();
  assert.equal((await client.ended()).code, 130);
  const competed = requestedBetween(recorder, start + 1_000, start + 5_000);
  assertShares(competed, { "critical.bin": 10, "high.bin": 4, "normal.bin": 1 }, 0.1);
});

interruptTest(
  "client shares a line of 1 MB/s by the new priorities within 1.5 s of an edit",
  async () => {
    await using run = await ThrottledRun.start({
      files: {},
      sparse: Object.fromEntries(FILES.map((path) => [path, 50 * MB])),
      input: "critical.bin CRITICAL\nhigh.bin HIGH\nnormal.bin\n",
      bytesPerSecond: 1 * MB,
    });
    const { recorder, client, workspace } = run;
    const start = await competitionStart(recorder);
    await waitForGetAfter(recorder, start + 3_000);
    const before = requestedBetween(recorder, start + 1_000, start + 3_000);
    assertShares(before, { "critical.bin": 10, "high.bin": 4, "normal.bin": 1 }, 0.25);
    await workspace.setInput("critical.bin\nhigh.bin HIGH\nnormal.bin CRITICAL\n");
    const edit = performance.now();
    await waitForGetAfter(recorder, edit + 2_500);
    client.interrupt();
    assert.equal((await client.ended()).code, 130);
    const after = requestedBetween(recorder, edit + 1_500, edit + 2_500);
    assertShares(after, { "critical.bin": 1, "high.bin": 4, "normal.bin": 10 }, 0.25);
  },
);
