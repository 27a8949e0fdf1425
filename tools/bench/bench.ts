/**
 * Measures Sluice and its alternatives on the same machine, with the same files, in turns.
 *
 * The parts of this folder, each of which uses only those before it:
 * - figures: `statistics.ts`, `metrics.ts`, `report.ts` (the JSON format), `targets.ts`,
 *   `table.ts`; of a whole report `growth.ts`, `growth_svg.ts`, `markdown.ts`, `plot.ts` (a program)
 * - the machine: `machine.ts`, `processes.ts`, `usage.ts`, `data.ts`, `same_files.ts`
 * - contestants: `servers.ts` and `thread_per_client.py`, `peers.ts`, `installed.ts`,
 *   `sluice.ts`, `load_generator.ts` and `load.ts`
 * - the contest: `contest.ts` (rounds), `scale.ts` (sizes), `bench_case.ts`, `cases/`, `cases.ts`
 * - `options.ts` (the command line), `bench.ts` (this)
 *
 * @module
 */
import { resolve } from "@std/path";
import { messageOf } from "../../lib/errors.ts";
import { interruptSignal } from "../../lib/cli/interrupt.ts";
import { runMain, writeLine } from "../../lib/cli/main.ts";
import { type BenchCase, runCase } from "./bench_case.ts";
import { CASES } from "./cases.ts";
import { BENCH_HELP, type BenchCommand, parseBenchCommand } from "./options.ts";
import { extendPath, installedPrograms, programsOf } from "./installed.ts";
import { type Peer, PEERS } from "./peers.ts";
import { describeMachine } from "./machine.ts";
import type { Report } from "./report.ts";
import { IPERF3_SERVER } from "./servers.ts";
import { FULL, QUICK } from "./scale.ts";
import { buildIn, ownBuild } from "./sluice.ts";
import { renderCase, renderHead } from "./table.ts";

/** No peer, but the reference of cases a and i. */
const IPERF3 = { name: "iperf3", programs: [], server: IPERF3_SERVER };
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<number> {
  const command = parseBenchCommand(args, CASES.map(({ id }) => id));
  if (command.help) {
    writeLine(Deno.stdout, BENCH_HELP.trimEnd());
    return 0;
  }
  using interrupted = interruptSignal();
  const dir = await Deno.makeTempDir({
    ...command.dir === undefined ? {} : { dir: resolve(command.dir) },
    prefix: "sluice-bench-",
  });
  try {
    const report = await bench(command, dir, interrupted);
    return hasSluiceFailed(report) ? EXIT_FAILED : 0;
  } catch (error) {
    if (!interrupted.aborted) throw error;
    writeLine(Deno.stderr, `Interrupted: ${messageOf(error)}`);
    return EXIT_INTERRUPTED;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function bench(command: BenchCommand, dir: string, signal: AbortSignal): Promise<Report> {
  const { rounds, minRounds, seed, isQuick, json } = command;
  const deadline = performance.now() + command.time;
  extendPath();
  const installed = await installedPrograms([...PEERS, IPERF3].flatMap(programsOf));
  const lacking = (peer: Pick<Peer, "programs" | "server">) =>
    programsOf(peer).find((program) => !installed.has(program));
  const build = command.sluice === undefined ? ownBuild() : buildIn("sluice", command.sluice);
  const other = command.against === undefined ? [] : [await buildIn("other", command.against)];
  let report: Report = {
    format: 1,
    startedAt: Date.now(),
    machine: await describeMachine(dir),
    seed,
    rounds,
    isQuick,
    skipped: [...PEERS, IPERF3].flatMap((peer) => {
      const program = lacking(peer);
      return program === undefined ? [] : [`${peer.name}: ${program} is not installed`];
    }),
    cases: [],
  };
  writeLine(Deno.stdout, renderHead(report));
  const cases = CASES.filter(({ id }) => command.cases.includes(id));
  for (const [i, benchCase] of cases.entries()) {
    const found = await runCase(benchCase, {
      dir,
      scale: isQuick ? QUICK : FULL,
      seed,
      builds: [await build, ...other],
      peers: PEERS.filter((peer) => lacking(peer) === undefined),
      has: (program) => installed.has(program),
      signal,
      rounds,
      minRounds,
      // Time that one case does not use is left to the later ones.
      time: (deadline - performance.now()) * shareOf(benchCase, cases.slice(i)),
      hasTargets: !isQuick,
      log: (line) => writeLine(Deno.stderr, line),
    });
    writeLine(Deno.stdout, `\n${renderCase(found)}`);
    report = { ...report, cases: [...report.cases, found] };
    // Written after each case, since the run may be interrupted.
    if (json !== undefined) await Deno.writeTextFile(json, `${JSON.stringify(report, null, 1)}\n`);
  }
  return report;
}

/** A case's share of the remaining time. */
function shareOf({ weight = 1 }: BenchCase, remaining: readonly BenchCase[]): number {
  return weight / remaining.reduce((sum, { weight = 1 }) => sum + weight, 0);
}

function hasSluiceFailed({ cases }: Report): boolean {
  const rows = cases.flatMap(({ rows }) => rows);
  return rows.some(({ role, failure }) => role === "sluice" && failure !== undefined);
}

if (import.meta.main) await runMain("bench", () => main(Deno.args));
