/**
 * The pictures of the README: a run of the real programs as a terminal shows it, and the plot of
 * its report.
 *
 * @module
 */
import { join } from "@std/path";
import { interruptSignal } from "../lib/cli/interrupt.ts";
import { runMain, writeLine } from "../lib/cli/main.ts";
import { record } from "./pictures/recording.ts";
import { renderReport } from "./pictures/report_svg.ts";
import { renderRun } from "./pictures/run_svg.ts";
import { programArgs, REPOSITORY } from "./programs.ts";
import { writeRandomFile } from "./random_file.ts";
import { startRelay } from "./relay.ts";
import { startServer } from "./start_server.ts";

const MB = 1_000_000;
/** The line's capacity, in bytes a second. */
const LINE = 8 * MB;
/** The time from the client's start to the edit of the list, in milliseconds. */
const EDIT_AFTER_MS = 4_400;
/** The period at which the screen is recorded, in milliseconds. */
const PERIOD_MS = 200;
const COLUMNS = 80;
const ROWS = 15;
const PICTURES = join(REPOSITORY, "tools", "pictures");

/** Name, bytes, and the priority before and after the edit; null means no line. */
const FILES: readonly (readonly [string, number, string | null, string])[] = [
  ["disk-image.iso", 32 * MB, "CRITICAL", "CRITICAL"],
  ["footage.mp4", 18 * MB, "HIGH", "HIGH"],
  ["backup.tar", 11 * MB, "NORMAL", "CRITICAL"],
  ["photos/sea.jpg", 5 * MB, null, "HIGH"],
];

async function main(): Promise<number> {
  using interrupted = interruptSignal();
  const temp = await Deno.makeTempDir({ prefix: "sluice-picture-" });
  try {
    await draw(temp, interrupted);
  } catch (error) {
    if (!interrupted.aborted) throw error;
    return 130;
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
  return 0;
}

async function draw(temp: string, signal: AbortSignal): Promise<void> {
  const share = join(temp, "share");
  await Deno.mkdir(join(share, "photos"), { recursive: true });
  for (const [name, size] of FILES) await writeRandomFile(join(share, name), size);
  await using server = await startServer(share, signal);
  await using relay = startRelay({ port: server.port, bytesPerSecond: LINE });
  const list = join(temp, "input.txt");
  await Deno.writeTextFile(list, listText(({ before }) => before));
  const after = listText(({ after }) => after);
  const edit = setTimeout(() => Deno.writeTextFileSync(list, after), EDIT_AFTER_MS);
  const options = ["--once", "--progress", "bars", "--report", "run.html"];
  const address = ["--server", `127.0.0.1:${relay.port}`];
  const frames = await record({
    command: [Deno.execPath(), ...programArgs("client", [...options, ...address])],
    cwd: temp,
    columns: COLUMNS,
    rows: ROWS,
    period: PERIOD_MS,
    signal,
  }).finally(() => clearTimeout(edit));
  await save("run.svg", renderRun(frames, { columns: COLUMNS, rows: ROWS }));
  await save("report.svg", renderReport(await Deno.readTextFile(join(temp, "run.html"))));
}

function listText(
  priorityOf: (file: { before: string | null; after: string }) => string | null,
): string {
  return FILES.map(([name, , before, after]) => [name, priorityOf({ before, after })] as const)
    .filter(([, priority]) => priority !== null)
    .map(([name, priority]) => `${name} ${priority}\n`)
    .join("");
}

async function save(name: string, svg: string): Promise<void> {
  await Deno.writeTextFile(join(PICTURES, name), svg);
  writeLine(Deno.stdout, `tools/pictures/${name}  ${Math.ceil(svg.length / 1000)} kB`);
}

if (import.meta.main) await runMain("picture", main);
