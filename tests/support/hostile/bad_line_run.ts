/**
 * One download over a line that cuts, delays, splits, merges and corrupts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startClient, startServer } from "../harness.ts";
import { Workspace } from "../workspace.ts";
import { startBadRelay } from "./bad_relay.ts";
import { assertHarmless } from "./server_row.ts";

const FILES = {
  "empty": 0,
  "one": 1,
  "small.bin": 5_000,
  "sub/middle.bin": 300_000,
  "large.bin": 1_500_000,
  "sub/largest.bin": 3_000_000,
};

/** Fetches files of 0 to 3 MB; asserts that all are identical and that nothing is left over. */
export async function fetchOverBadLine(seed: number): Promise<void> {
  await using workspace = await Workspace.create(FILES);
  await workspace.setInput("**\n");
  await using server = await startServer(workspace);
  await using relay = startBadRelay(server.port, seed);
  const args = ["--once", "--progress", "plain", "--retry-for", "20"];
  await using client = startClient({ ...workspace, port: relay.port, args });
  const { code, stderr } = await client.ended();
  assert.equal(code, 0, `seed ${seed}:\n${stderr}`);
  assertHarmless(stderr);
  await workspace.assertArrived(...Object.keys(FILES));
  await workspace.assertNoLeftovers();
}
