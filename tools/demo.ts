/**
 * A demonstration that needs no preparation and leaves nothing running: the real programs, one server
 * and two clients, over a line that is slow enough to watch.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { walk } from "@std/fs/walk";
import { join, relative } from "@std/path";
import { formatBytes } from "../lib/display/terminal/units.ts";
import { padEnd, padStart } from "../lib/display/terminal/text_width.ts";
import { PRIORITIES } from "../lib/client/priority.ts";
import { interruptSignal } from "../lib/cli/interrupt.ts";
import { writeLine } from "../lib/cli/main.ts";
import { programArgs, REPOSITORY } from "./programs.ts";
import { serveDemo } from "./demo_serve.ts";
import { fillShare, LARGE_FILES, SAMPLES } from "./demo_share.ts";
import { startRelay } from "./relay.ts";
import { startServer } from "./start_server.ts";

const MB = 1_000_000;
/** The line's capacity, in bytes a second: the larger files take some five seconds. */
const LINE = 16 * MB;
/** The time until a line is added to the second client's list, in milliseconds. */
const EDIT_AFTER_MS = 2_000;
const EDIT = "footage.bin       HIGH\n";
const LIST = `\
# The demo's second client. It adds a line to this file in a moment.
disk-image.bin    CRITICAL
old-backup.bin    NORMAL
`;

async function demo(signal: AbortSignal, isServerOnly: boolean): Promise<boolean> {
  const temp = await Deno.makeTempDir({ prefix: "sluice-demo-" });
  const share = join(temp, "share");
  try {
    if (!isServerOnly) return await run(temp, share, signal);
    await serveDemo(share, LINE, signal, print);
    return true;
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
}

async function run(temp: string, share: string, signal: AbortSignal): Promise<boolean> {
  await fillShare(share);
  print("A server shares files/ and three larger files, generated for the demo.");
  await using server = await startServer(share, signal);
  await using relay = startRelay({ port: server.port, bytesPerSecond: LINE });
  print("Client 1 downloads the files of input.txt.");
  const firstOutput = join(temp, "Output-1");
  const first = startClient("piped", signal, [
    ["--server", `127.0.0.1:${server.port}`],
    ["--input", join(REPOSITORY, "input.txt")],
    ["--output", firstOutput],
    ["--progress", "plain"],
  ]);
  print(`Client 2, at the same time, has a list of its own and a line of ${LINE / MB} MB/s. After`);
  print(`${EDIT_AFTER_MS / 1000} seconds its list gets another line: ${EDIT}`);
  const list = join(temp, "list.txt");
  const output = join(temp, "Output-2");
  const report = join(temp, "run.html");
  await Deno.writeTextFile(list, LIST);
  const edit = setTimeout(
    () => Deno.writeTextFileSync(list, EDIT, { append: true }),
    EDIT_AFTER_MS,
  );
  const second = startClient("inherit", signal, [
    ["--server", `127.0.0.1:${relay.port}`],
    ["--input", list],
    ["--output", output],
    ["--report", report],
  ]);
  const [{ stderr }, secondStatus] = await Promise.all([first.output(), second.status]);
  clearTimeout(edit);
  signal.throwIfAborted();
  print("\nMeanwhile client 1 printed:");
  print(new TextDecoder().decode(stderr).trimEnd().replaceAll(/^/gm, "  "));
  const { success: firstDone } = await first.status;
  print("");
  const samples = await compare(SAMPLES, firstOutput, "client 1");
  const large = await compare(share, output, "client 2", LARGE_FILES);
  if (secondStatus.success) print(`${sharesOf(await Deno.readTextFile(report))}\n`);
  return firstDone && secondStatus.success && samples && large;
}

/** One line on the shares that a report has, due and measured. */
function sharesOf(page: string): string {
  const partOf = (kind: string, priority: string) =>
    new RegExp(`<data id="${kind}-${priority}"[^>]*>([^<]*)<`).exec(page)?.[1];
  const shares = PRIORITIES.flatMap((priority) => {
    const actual = partOf("actual", priority);
    return actual === undefined ? [] : [`${priority} ${actual} of ${partOf("expected", priority)}`];
  });
  return `While priorities competed, client 2 measured (of what was due): ${shares.join(", ")}`;
}

function startClient(
  stderr: "piped" | "inherit",
  signal: AbortSignal,
  options: readonly (readonly [string, string])[],
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: programArgs("client", ["--once", ...options.flat()]),
    stdin: "null",
    stdout: "null",
    stderr,
    signal,
  }).spawn();
}

/** Prints whether each file equals its source; returns whether all do. */
async function compare(
  source: string,
  arrived: string,
  where: string,
  names?: readonly string[],
): Promise<boolean> {
  let allEqual = true;
  const files = names ?? await namesIn(source);
  const width = Math.max(...files.map((name) => name.length), 4);
  print(`${padEnd(where, width)}  ${padStart("bytes", 9)}  SHA-256            equal`);
  for (const name of files) {
    const [expected, actual] = await Promise.all([
      digestOf(join(source, name)),
      digestOf(join(arrived, name)),
    ]);
    const isEqual = actual !== null && actual.sha256 === expected?.sha256;
    allEqual &&= isEqual;
    const size = actual === null ? "missing" : formatBytes(actual.size);
    const digest = actual === null ? "" : `${actual.sha256.slice(0, 16)}…`;
    print(
      `${padEnd(name, width)}  ${padStart(size, 9)}  ${padEnd(digest, 17)}  ${
        isEqual ? "yes" : "NO"
      }`,
    );
  }
  print("");
  return allEqual;
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of walk(folder, { includeDirs: false })) {
    names.push(relative(folder, path));
  }
  return names.sort();
}

async function digestOf(path: string): Promise<{ size: number; sha256: string } | null> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    using file = await Deno.open(path);
    for await (const piece of file.readable) {
      hash.update(piece);
      size += piece.length;
    }
  } catch {
    return null;
  }
  return { size, sha256: hash.digest("hex") };
}

function print(line: string): void {
  writeLine(Deno.stdout, line);
}

if (import.meta.main) {
  using interrupted = interruptSignal();
  const isServerOnly = Deno.args[0] === "--serve";
  let ok = false;
  try {
    ok = await demo(interrupted, isServerOnly);
    if (!isServerOnly) {
      print(ok ? "All files arrived and are equal to their sources." : "Not all files arrived.");
    }
  } catch (error) {
    if (!interrupted.aborted) throw error;
    print("Interrupted: the files of the demo are removed.");
  }
  Deno.exit(ok ? 0 : interrupted.aborted ? 130 : 1);
}
