/**
 * One way for a server to misbehave and the client's expected reaction: the row and its test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { filesUnder, type Program, sha256, startClient } from "../harness.ts";
import { Workspace } from "../workspace.ts";
import {
  GOOD,
  type HostileServer,
  type Misbehaviour,
  startHostileServer,
} from "./hostile_server.ts";

/** A row of the table. */
export interface ServerRow extends Misbehaviour {
  /** What the server does. */
  readonly name: string;
  /** The client's exit code. */
  readonly code: number;
  /** A line among those that the client prints. */
  readonly says?: RegExp;
  /** The content of further files that arrive, by path. @default none */
  readonly arrives?: Readonly<Record<string, Uint8Array>>;
  /** The planted paths that stay in the output folder. @default none */
  readonly stays?: readonly string[];
  /** Whether the good files arrive. @default {true} */
  readonly goodArrives?: boolean;
  /** The text of the input list. @default everything, the good files first */
  readonly input?: string;
  /** The client's `--retry-for`, in seconds. @default {1} */
  readonly retryFor?: number;
  /** Prepares the output folder before the start. `outside` holds the file `victim.txt`. */
  readonly plant?: (workspace: Workspace, outside: string) => Promise<void>;
  /** Acts as a user while the client runs. */
  readonly meanwhile?: (client: Program, server: HostileServer) => Promise<void>;
  /** Within how many milliseconds of the end of `meanwhile` the client must end. */
  readonly endsWithin?: number;
  /** The least number of connections that the client makes. */
  readonly connections?: number;
}

/** The most memory that a client may take, in bytes; measured on Linux only. */
const MAX_MEMORY = 300 * 2 ** 20;
/** The period at which its memory is looked up, in milliseconds. */
const MEMORY_MS = 50;

/** The default of `endsWithin`, in milliseconds. */
const TIMEOUT_MS = 120_000;

/** Runs a client against the server of a row. */
export async function runServerRow(row: ServerRow): Promise<void> {
  await using workspace = await Workspace.create();
  const outside = join(workspace.root, "outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "victim.txt"), "untouched");
  await workspace.setInput(row.input ?? "good.bin CRITICAL\nsub/good.txt CRITICAL\n**\n");
  await Deno.mkdir(workspace.output);
  await row.plant?.(workspace, outside);
  const before = await inventory(workspace.root, "Output");
  await using server = startHostileServer(row, async () => {
    const missing = await Promise.all(
      Object.keys(GOOD).map((path) =>
        Deno.stat(workspace.downloaded(path)).then(() => false, () => true)
      ),
    );
    return !missing.includes(true);
  });
  const args = ["--once", "--progress", "plain", "--retry-for", String(row.retryFor ?? 1)];
  await using client = startClient({ ...workspace, port: server.port, args });
  const peak = peakMemory(client);
  await row.meanwhile?.(client, server);
  const result = await client.ended(row.endsWithin ?? TIMEOUT_MS);
  const { code, signal, stdout, stderr } = result;
  assert.deepEqual([code, signal, stdout], [row.code, null, ""], stderr);
  assertHarmless(stderr);
  assert.ok(await peak < MAX_MEMORY, `${await peak} bytes of memory`);
  if (row.says) assert.match(stderr, row.says);
  assert.ok(server.connections >= (row.connections ?? 1), `${server.connections} connections`);
  assert.deepEqual(await inventory(workspace.root, "Output"), before, "outside --output");
  const arrived = { ...(row.goodArrives === false ? {} : GOOD), ...row.arrives };
  await assertOutput(workspace, arrived, row.stays ?? []);
}

/** The most memory of a program until its end, in bytes; 0 where the system does not say. */
async function peakMemory(program: Program): Promise<number> {
  let peak = 0;
  if (Deno.build.os !== "linux") return peak;
  let hasEnded = false;
  program.status.then(() => hasEnded = true);
  while (!hasEnded) {
    const status = await Deno.readTextFile(`/proc/${program.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    await new Promise((resolve) => setTimeout(resolve, MEMORY_MS));
  }
  return peak;
}

/** Asserts that a program's output has no stack trace and no terminal control characters. */
export function assertHarmless(text: string): void {
  assert.doesNotMatch(text, /at (async )?(\S+ \()?(file|ext|node):/, "a stack trace came through");
  assert.doesNotMatch(text, /Uncaught|^error: /m, "an error came through");
  assert.doesNotMatch(
    text,
    // deno-lint-ignore no-control-regex
    /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]/,
    "control characters came through",
  );
}

/** Asserts which files are in the output folder, apart from its work folder. */
async function assertOutput(
  workspace: Workspace,
  files: Readonly<Record<string, Uint8Array>>,
  stays: readonly string[],
): Promise<void> {
  const present = Object.keys(await inventory(workspace.output, ".sluice"));
  assert.deepEqual(present.sort(), [...Object.keys(files), ...stays].sort(), "in --output");
  for (const [path, bytes] of Object.entries(files)) {
    const actual = await Deno.readFile(workspace.downloaded(path));
    assert.ok(
      actual.length === bytes.length && actual.every((byte, at) => byte === bytes[at]),
      path,
    );
  }
}

/** The content of a folder without one entry: files by digest, links by target. */
async function inventory(folder: string, without: string): Promise<Record<string, string>> {
  const found: Record<string, string> = Object.create(null);
  for (const path of await filesUnder(folder)) {
    if (path === without || path.startsWith(`${without}/`)) continue;
    const full = join(folder, path);
    const { isSymlink } = await Deno.lstat(full);
    found[path] = isSymlink ? `link to ${await Deno.readLink(full)}` : await sha256(full);
  }
  return found;
}
