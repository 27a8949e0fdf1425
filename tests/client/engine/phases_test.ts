import assert from "node:assert/strict";
import type { DiskAction } from "../../../lib/client/engine/actions.ts";
import { NEXT_PHASES, type Phase } from "../../../lib/client/engine/file_record.ts";
import { digestOf, partialOf } from "../../support/virtual_disk.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;
const FILE = { path: "a", size: 100 * KB, modified: 0, version: "v1" };
const TOUCHED = { ...FILE, version: "v1'" };

/** Lives of a file; together they have all transitions. */
const LIVES: Readonly<Record<string, (run: VirtualRun) => void>> = {
  "a new file": (run) => {
    run.want(FILE);
    run.giveAllChunks();
    run.giveDigest(run.digests()[0]!);
  },
  "a file that is here": (run) => {
    run.disk.finals.set("a", { size: FILE.size, digest: digestOf(FILE), version: null });
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
  "another file of that name": (run) => {
    run.disk.finals.set("a", { size: FILE.size, digest: "another digest", version: null });
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
  "an earlier download": (run) => {
    run.disk.partials.set("a", partialOf(FILE, { start: 0, end: FILE.size }));
    run.want(FILE);
  },
  "a blocked name": (run) => {
    run.disk.obstacles.set("a", "a folder is in the way");
    run.want(FILE);
  },
  "a name blocked meanwhile": (run) => {
    failing(run, "commit");
    run.want(FILE);
    run.giveAllChunks();
    run.giveDigest(run.digests()[0]!);
  },
  "a wrong digest, twice": (run) => {
    run.want(FILE);
    for (let fetch = 0; fetch < 2; fetch++) {
      run.giveChunk(run.gets()[0]!, true);
      run.giveAllChunks();
      for (const request of run.digests()) run.giveDigest(request);
    }
  },
  "a comparison that fails": (run) => {
    failing(run, "hash");
    run.disk.finals.set("a", { size: FILE.size, digest: "another digest", version: null });
    run.want(FILE);
  },
  "a comparison with what has changed": (run) => {
    run.disk.finals.set("a", { size: FILE.size, digest: "another digest", version: null });
    run.want(FILE);
    run.refuse(run.digests()[0]!, "changed");
  },
  "a chunk that is refused": (run) => {
    run.want(FILE);
    run.refuse(run.gets()[0]!, "bad-request");
  },
  "a chunk of what has changed": (run) => {
    run.want(FILE);
    run.refuse(run.gets()[0]!, "changed");
  },
  "data that cannot be sealed": (run) => {
    failing(run, "seal");
    run.want(FILE);
    run.giveAllChunks();
  },
  "a digest of what has changed": (run) => {
    run.want(FILE);
    run.giveAllChunks();
    run.refuse(run.digests()[0]!, "not-found");
  },
};

/** Lives with bytes of another version, on a server with the feature. */
const TRIED_LIVES: typeof LIVES = {
  "kept bytes of a touched file": (run) => {
    run.disk.partials.set("a", partialOf(TOUCHED, { start: 0, end: 90 * KB }));
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
  "kept bytes of another file": (run) => {
    run.disk.partials.set("a", partialOf({ ...FILE, version: "v0" }, { start: 0, end: 90 * KB }));
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
  "kept bytes that cannot be adopted": (run) => {
    failing(run, "adopt");
    run.disk.partials.set("a", partialOf(TOUCHED, { start: 0, end: 90 * KB }));
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
  "kept bytes of what has changed": (run) => {
    run.disk.partials.set("a", partialOf(TOUCHED, { start: 0, end: 90 * KB }));
    run.want(FILE);
    run.refuse(run.digests()[0]!, "changed");
  },
};

/** The same without a digest of the whole file to compare. */
const UNVERIFIED_TRIED_LIVES: typeof LIVES = {
  "a touched file that is here": (run) => {
    run.disk.finals.set("a", { size: FILE.size, digest: digestOf(FILE), version: "v1'" });
    run.want(FILE);
    run.giveDigest(run.digests()[0]!);
  },
};

/** The same without a digest to compare. */
const UNVERIFIED_LIVES: typeof LIVES = {
  "a new file": (run) => {
    run.want(FILE);
    run.giveAllChunks();
  },
  "a file that looks as if it were here": (run) => {
    run.disk.finals.set("a", { size: FILE.size, digest: "unknown", version: FILE.version });
    run.want(FILE);
  },
};

function failing(run: VirtualRun, failing: DiskAction["type"]): void {
  run.disk.fails = ({ type }) => type === failing;
}

Deno.test("NEXT_PHASES has the transitions that happen, and no others", () => {
  const seen = new Set<string>();
  const all = [
    [LIVES, { verify: true, rangeDigest: false }],
    [UNVERIFIED_LIVES, { verify: false, rangeDigest: false }],
    [TRIED_LIVES, { verify: true, rangeDigest: true }],
    [UNVERIFIED_TRIED_LIVES, { verify: false, rangeDigest: true }],
  ] as const;
  for (const [lives, { verify, rangeDigest }] of all) {
    for (const [name, live] of Object.entries(lives)) {
      // A transition that is not in the table ends a run with an error.
      const run = new VirtualRun({ verify, transitions: seen });
      run.connect({ rangeDigest });
      try {
        live(run);
      } catch (error) {
        throw new Error(`The life of ${name} failed`, { cause: error });
      }
    }
  }
  const rows = Object.entries(NEXT_PHASES).flatMap(([phase, next]) =>
    next.map((after: Phase) => `${phase} → ${after}`)
  );
  assert.deepEqual([...seen].sort(), rows.sort());
});

Deno.test("Engine can drop and stop a file in each phase", () => {
  const phases = Object.entries(NEXT_PHASES).flatMap(([phase, next]) =>
    next.length > 0 ? phase : []
  );
  for (const end of ["dropped", "stopped"] as const) {
    for (const phase of [...phases, "outdated"]) {
      const run = runUpTo(phase);
      const record = run.checks.live.get("a")!;
      assert.equal(record.phase, phase);
      if (end === "dropped") run.unwant("a");
      else run.stop();
      const isCommitting = phase === "committing" && end === "stopped";
      assert.equal(record.phase, isCommitting ? "committing" : end);
      while (run.disk.isBusy("a")) run.stepDisk("a");
      assert.equal(record.phase, isCommitting ? "done" : end);
      assert.equal(run.engine.isSettled, end === "dropped" || isCommitting);
    }
  }
});

/** A run whose file stays in a phase. */
function runUpTo(phase: string): VirtualRun {
  const run = new VirtualRun();
  const slow = { inspecting: "inspect", comparing: "hash", committing: "commit" };
  run.performsAtOnce = ({ type }) => type !== slow[phase as keyof typeof slow];
  if (phase === "comparing") {
    run.disk.finals.set("a", { size: FILE.size, digest: digestOf(FILE), version: null });
  }
  if (phase === "trying") {
    run.disk.partials.set("a", partialOf(TOUCHED, { start: 0, end: 90 * KB }));
  }
  run.connect({ rangeDigest: true });
  run.want(FILE);
  if (phase === "outdated") run.refuse(run.gets()[0]!, "changed");
  if (phase === "verifying" || phase === "committing") run.giveAllChunks();
  if (phase === "committing") run.giveDigest(run.digests()[0]!);
  return run;
}
