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
  fetchWithSluice,
  peerContestants,
  setStage,
  sluiceContestants,
  type Stage,
} from "./download.ts";
import { SUBJECTS } from "./download_cases.ts";

/** How often to look whether a file has its name, in milliseconds. */
const LOOK_MS = 5;
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
  slowOnesSitOut: true,
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
  async prepare(site) {
    const stage = await setStage(site, site.scale.mix);
    const critical = filesOf(site.scale.mix)[0]!.name;
    const observe = () => fileObserver(join(stage.output, critical));
    return [
      ...await sluiceContestants(stage, observe),
      await aloneContestant(stage, critical, observe),
      ...peerContestants(stage),
    ];
  },
};

/** The same file when nothing competes with it. */
async function aloneContestant(
  stage: Stage,
  name: string,
  observe: () => Observer,
): Promise<Contestant> {
  const { site, files: { dir } } = stage;
  const [build] = site.builds;
  const server = site.stack.use(await startSluice(build, dir, site.signal));
  const input = join(site.dir, "alone.txt");
  await Deno.writeTextFile(input, `${name} CRITICAL\n`);
  const files = { dir, names: [name], bytes: site.scale.mix[0]!.size };
  const job = { port: server.port, verify: "none" } as const;
  return {
    name: ALONE,
    role: "limit",
    run: () => fetchWithSluice({ ...stage, files, input }, build, job, observe()),
  };
}

/** Notes when a file has its name. */
function fileObserver(path: string): Observer {
  let start = 0;
  let appearedAt: number | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = () => {
    if (!exists(path)) return;
    appearedAt ??= performance.now();
    clearInterval(timer);
  };
  return {
    started() {
      start = performance.now();
      timer = setInterval(look, LOOK_MS);
    },
    ended() {
      look();
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
