/**
 * Case e: a large CRITICAL file among others.
 *
 * @module
 */
import { join } from "@std/path";
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import { filesOf } from "../data.ts";
import type { Observer } from "../observers.ts";
import { startSluice } from "../sluice.ts";
import { BEST_PEER, ratioTarget, speedTarget } from "../targets.ts";
import {
  type DownloadSetup,
  fetchWithSluice,
  peerContestants,
  prepareDownload,
  sluiceContestants,
} from "./download.ts";
import { SUBJECTS } from "./download_cases.ts";

/** The period of the checks for the published file, in milliseconds. */
const CHECK_MS = 5;
const MIXED = "sluice none";
const ALONE = "sluice none, the CRITICAL file alone";

export const MIX_CASE: BenchCase = {
  id: "e",
  title: ({ mix }) =>
    mix.map(({ count, size, priority = "NORMAL" }) => `${count} × ${formatBytes(size)} ${priority}`)
      .join(", "),
  metrics: ["seconds", "rate", "criticalSeconds"],
  subjects: SUBJECTS,
  weight: 4,
  skipsSlowPeers: true,
  targets: (rows) => [
    ...SUBJECTS.flatMap((subject) => speedTarget(rows, subject, BEST_PEER, 1.2)),
    ...ratioTarget(
      rows,
      [MIXED, "criticalSeconds"],
      [ALONE, "criticalSeconds"],
      "the CRITICAL file's time among the others, times its time alone",
      { atMost: 1.6 },
    ),
  ],
  async prepare(setup) {
    const download = await prepareDownload(setup, setup.scale.mix);
    const critical = filesOf(setup.scale.mix)[0]!.name;
    const observe = () => fileObserver(join(download.output, critical));
    return [
      ...await sluiceContestants(download, observe),
      await aloneContestant(download, critical, observe),
      ...peerContestants(download),
    ];
  },
};

/** The CRITICAL file without competition. */
async function aloneContestant(
  download: DownloadSetup,
  name: string,
  observe: () => Observer,
): Promise<Contestant> {
  const { setup, files: { dir } } = download;
  const [build] = setup.builds;
  const server = setup.stack.use(await startSluice(build, dir, setup.signal));
  const input = join(setup.dir, "alone.txt");
  await Deno.writeTextFile(input, `${name} CRITICAL\n`);
  const files = { dir, names: [name], bytes: setup.scale.mix[0]!.size };
  const job = { port: server.port, verify: "none" } as const;
  return {
    name: ALONE,
    role: "limit",
    run: () => fetchWithSluice({ ...download, files, input }, build, job, observe()),
  };
}

/** Measures the time until a file is published. */
function fileObserver(path: string): Observer {
  let start = 0;
  let appearedAt: number | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const check = () => {
    if (!exists(path)) return;
    appearedAt ??= performance.now();
    clearInterval(timer);
  };
  return {
    started() {
      start = performance.now();
      timer = setInterval(check, CHECK_MS);
    },
    ended() {
      check();
      clearInterval(timer);
      return { criticalSeconds: (appearedAt! - start) / 1000 };
    },
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
