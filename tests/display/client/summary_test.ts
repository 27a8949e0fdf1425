import assert from "node:assert/strict";
import { paintOf } from "../../../lib/display/terminal/paint.ts";
import { summaryLines } from "../../../lib/display/client/summary.ts";
import { summary } from "../../support/fake_terminal.ts";

const MIB = 1024 ** 2;

Deno.test("summaryLines returns one line if all is done", () => {
  const lines = summaryLines(
    summary({ done: 3, alreadyThere: 1, bytes: 8 * MIB, took: 9000, activeTime: 4000 }),
    paintOf(false),
  );
  assert.deepEqual(lines, ["3 files done (1 already there): 8.00 MiB in 4.0 s (2.00 MiB/s)"]);
});

Deno.test("summaryLines lists the files not done, why, and what to do", () => {
  const lines = summaryLines(
    summary({
      done: 1,
      failed: [{ path: "a\n", reason: "disk full", advice: "free some space" }],
      refused: [{ path: "con", reason: "Windows has it for itself" }],
      unfinished: [
        { path: "b", priority: "NORMAL", size: 2 * MIB, resumableBytes: 0 },
        { path: "c", priority: "HIGH", size: 4 * MIB, resumableBytes: MIB },
      ],
      waiting: ["x*.iso"],
      bytes: 3 * MIB,
      repeated: MIB,
      activeTime: 1000,
      shares: {
        took: 12_000,
        bytes: 3 * MIB,
        priorities: [
          { priority: "HIGH", bytes: 2 * MIB, expectedShare: 0.8, actualShare: 2 / 3 },
          { priority: "NORMAL", bytes: MIB, expectedShare: 0.2, actualShare: 1 / 3 },
        ],
      },
      resume: "client --once",
    }),
    paintOf(false),
  );
  assert.equal(
    lines.join("\n"),
    `\
1 file done, 1 failed, 1 refused, 2 unfinished, 1 not on the server: 3.00 MiB in 1.0 s (3.00 MiB/s), 1.00 MiB repeated
  failed     a\\n: disk full; free some space
  refused    con: Windows has it for itself
  unfinished c: 1.00 MiB of 4.00 MiB kept
  unfinished b: 0 B of 2.00 MiB kept
  not there  x*.iso
  shares     HIGH 66.7% (expected 80.0%), NORMAL 33.3% (expected 20.0%) of 3.00 MiB in 0:12 of competition
  to resume  client --once`,
  );
});

Deno.test("summaryLines counts files over the limit", () => {
  const failed = Array.from({ length: 1000 }, (_, index) => ({
    path: `${index}`,
    reason: "no",
    advice: "do",
  }));
  const lines = summaryLines(summary({ failed }), paintOf(false));
  assert.equal(lines.length, 1 + 10 + 1);
  assert.equal(lines.at(-1), "  failed     + 990 more");
  const unfinished = Array.from({ length: 15 }, (_, index) => ({
    path: `${index}`,
    priority: "HIGH" as const,
    size: MIB,
    resumableBytes: index * 1024,
  }));
  const more = summaryLines(summary({ unfinished }), paintOf(false)).at(-1);
  assert.equal(more, "  unfinished + 5 more: 10.0 KiB kept");
});

Deno.test("summaryLines wraps long lines, but not the command that people copy", () => {
  const resume = "client --server 192.168.100.100:9009 --output somewhere";
  const waiting = ["a name of many words that is long.iso"];
  const lines = (columns: number) =>
    summaryLines(summary({ done: 1, waiting, resume }), paintOf(false), columns);
  assert.deepEqual(lines(40), [
    "1 file done, 1 not on the server",
    "  not there  a name of many words that",
    "             is long.iso",
    `  to resume  ${resume}`,
  ]);
  assert.deepEqual(lines(20), [
    "1 file done, 1 not",
    "  on the server",
    "  not there  a name",
    "    of many words",
    "    that is long.iso",
    `  to resume  ${resume}`,
  ]);
});
