/**
 * Cases b, c and d: files of one size, to a folder.
 *
 * @module
 */
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase } from "../bench_case.ts";
import type { FileGroup } from "../data.ts";
import type { Row, TargetResult } from "../report.ts";
import type { Scale } from "../scale.ts";
import { BEST_PEER, speedTarget } from "../targets.ts";
import {
  firstTimeContestants,
  peerContestants,
  prepareDownload,
  sluiceContestants,
} from "./download.ts";

/** The rows that the peers are compared with. */
export const SUBJECTS = ["sluice none", "sluice sha256"] as const;

/** The differences between the download cases. */
interface DownloadCase {
  readonly id: string;
  readonly files: (scale: Scale) => FileGroup;
  readonly weight: number;
  /** Whether the cost of a server's first digests is shown too. */
  readonly hasFirstTime?: boolean;
  readonly targets: (rows: readonly Row[]) => TargetResult[];
}

const [NONE, SHA256] = SUBJECTS;

export const DOWNLOAD_CASES: readonly BenchCase[] = [
  {
    id: "b",
    weight: 6,
    files: ({ large }: Scale) => ({ count: 1, size: large }),
    hasFirstTime: true,
    targets: (rows: readonly Row[]) => [
      ...speedTarget(rows, NONE, BEST_PEER, 1.2),
      ...speedTarget(rows, SHA256, "nginx + curl", 1),
      ...speedTarget(rows, SHA256, "nginx + curl, then sha256sum", 1.5),
      ...speedTarget(rows, SHA256, "rsync daemon", 1.3),
    ],
  },
  {
    id: "c",
    weight: 3,
    files: ({ tiny }: Scale) => tiny,
    hasFirstTime: true,
    targets: (rows: readonly Row[]) =>
      SUBJECTS.flatMap((subject) => [
        ...speedTarget(rows, subject, "rsync daemon", 1),
        ...speedTarget(rows, subject, "nginx + wget", 5),
        ...speedTarget(rows, subject, "nginx + aria2", 5),
      ]),
  },
  {
    id: "d",
    weight: 2,
    files: ({ small }: Scale) => small,
    targets: (rows: readonly Row[]) =>
      SUBJECTS.flatMap((subject) => speedTarget(rows, subject, BEST_PEER, 1.2)),
  },
].map(downloadCase);

function downloadCase({ id, files, weight, hasFirstTime, targets }: DownloadCase): BenchCase {
  return {
    id,
    title: (scale) => {
      const { count, size } = files(scale);
      return count === 1
        ? `one file of ${formatBytes(size)}`
        : `${count} files of ${formatBytes(size)}`;
    },
    metrics: ["seconds", "rate", "filesPerSecond"],
    subjects: SUBJECTS,
    weight,
    skipsSlowPeers: true,
    targets,
    async prepare(setup) {
      const download = await prepareDownload(setup, [files(setup.scale)]);
      return [
        ...await sluiceContestants(download),
        ...hasFirstTime ? firstTimeContestants(download) : [],
        ...peerContestants(download),
      ];
    },
  };
}
