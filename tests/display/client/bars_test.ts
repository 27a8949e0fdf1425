import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { PRIORITIES } from "../../../lib/client/priority.ts";
import { drawBar } from "../../../lib/display/terminal/bar.ts";
import { type BarsOptions, renderBars } from "../../../lib/display/client/bars.ts";
import type { ProgressState } from "../../../lib/display/state/progress.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";
import {
  ANY_EVENT,
  CONNECTED,
  failed,
  finished,
  moved,
  queued,
  started,
  stateAfter,
} from "../../support/fake_terminal.ts";

const MIB = 1024 ** 2;

const OPTIONS: BarsOptions = {
  columns: 80,
  rows: 24,
  now: 2000,
  color: false,
  unicode: true,
  input: "input.txt",
};

/** Ten active files after two seconds, ten queued ones, one done and one failed. */
function busyState(): ProgressState {
  const names = [
    "ubuntu-24.04-desktop-amd64.iso",
    "photos/2024/日本語の長い名前のファイル.jpg",
    "family 👩‍👩‍👧 🇩🇪.png",
    "cafe\u0301/re\u0301sume\u0301.pdf",
    "evil\x1b[2J\u202ename.txt",
    "a",
    "b.txt",
    "c.txt",
    "d.txt",
    "e.txt",
  ];
  const state = stateAfter([
    CONNECTED,
    queued("done.txt", 7 * MIB),
    queued("failed.txt", 7 * MIB),
    ...names.map((name, index) => queued(name, (index + 1) * 10 * MIB, PRIORITIES[index % 3]!)),
    ...names.map((name) => queued(`later/${name}`, MIB, "HIGH")),
    ...names.map((name) => started(name)),
    { type: "waiting", names: ["x.iso", "y/*.mkv"] },
  ]);
  state.apply(finished("done.txt", 7 * MIB), 1000);
  state.apply(failed("failed.txt", "gone"), 1000);
  for (const [index, name] of names.entries()) {
    state.apply(moved(name, (index + 0.5) * 7 * MIB), 2000);
  }
  state.apply({ type: "verifying", path: "b.txt" }, 2000);
  return state;
}

const GOLDEN = new URL("golden/", import.meta.url);

for (const columns of [20, 40, 80, 200]) {
  for (const rows of [3, 10, 50]) {
    Deno.test(`renderBars draws ${columns} × ${rows} as in the golden file`, async () => {
      const lines = renderBars(busyState(), { ...OPTIONS, columns, rows });
      const golden = await Deno.readTextFile(new URL(`${columns}x${rows}.txt`, GOLDEN));
      assert.equal(lines.join("\n") + "\n", golden);
    });
  }
}

Deno.test("renderBars draws nothing before the first event", () => {
  assert.deepEqual(renderBars(stateAfter([]), OPTIONS), []);
});

for (
  const [events, input, status] of [
    [[{ type: "connecting", server: "[::1]:9009" }], "i", "connecting to [::1]:9009"],
    [
      [
        { type: "connecting", server: "[::1]:9009" },
        { type: "disconnected", reason: "connection refused", retryIn: 4500 },
      ],
      "i",
      "cannot reach [::1]:9009: connection refused; trying again in 3 s",
    ],
    [
      [CONNECTED, { type: "disconnected", reason: "it said\x07 goodbye", retryIn: 2100 }],
      "i",
      "lost the server: it said\\x07 goodbye; trying again in 1 s",
    ],
    [
      [CONNECTED, { type: "disconnected", reason: "reset", retryIn: 0 }, {
        type: "connecting",
        server: "[::1]:9009",
      }],
      "i",
      "lost the server: reset; trying again",
    ],
    [
      [CONNECTED, { type: "disconnected", reason: "reset", retryIn: null }],
      "i",
      "lost the server: reset",
    ],
    [
      [CONNECTED, { type: "waiting", names: ["a.iso"] }],
      null,
      "waiting for 1 file the server does not have yet: a.iso",
    ],
    [
      [CONNECTED, { type: "waiting", names: ["a", "b\n", "c", "d", "e"] }],
      null,
      "waiting for 5 files the server does not have yet: a, b\\n, c and 2 more",
    ],
    [
      [CONNECTED, { type: "input", entries: 0 }],
      "i.txt",
      "i.txt names no file yet, watching it; Ctrl+C to stop",
    ],
    [[CONNECTED, { type: "idle" }], "i.txt", "watching i.txt; Ctrl+C to stop"],
  ] as [ClientEvent[], string | null, string][]
) {
  Deno.test(`renderBars shows the status: ${status}`, () => {
    assert.deepEqual(renderBars(stateAfter(events), { ...OPTIONS, input }), [status]);
  });
}

Deno.test("renderBars leaves out the time left while there is no server", () => {
  const state = busyState();
  state.apply({ type: "disconnected", reason: "reset", retryIn: 1000 }, 2000);
  const total = renderBars(state, OPTIONS).at(-2)!;
  assert.match(total, /MiB\/s +-:--$/);
});

Deno.test("renderBars orders active files by priority, then as the list does", () => {
  const state = stateAfter([
    queued("n2", 10, "NORMAL", 1),
    queued("n1", 10, "NORMAL", 1),
    queued("c3", 10, "CRITICAL", 2),
    queued("h1", 10, "HIGH", 4),
    queued("c1", 10, "CRITICAL", 5),
    queued("c2", 10, "CRITICAL", 6),
    ...["n2", "n1", "c1", "c3"].map((path) => started(path)),
  ]);
  const names = renderBars(state, OPTIONS).slice(0, -2).map((line) => line.split(/ +/)[1]);
  assert.deepEqual(names, ["c3", "c1", "n1", "n2", "c2", "h1"]);
});

/** A large file, and twenty small ones of another priority: ten done, two being checked. */
function manySmall(): ProgressState {
  const small = Array.from({ length: 20 }, (_, index) => `small/${index}`);
  const state = stateAfter([
    CONNECTED,
    queued("a.iso", 100 * MIB, "CRITICAL", 1),
    ...small.map((path) => queued(path, MIB / 2, "NORMAL", 2)),
    started("a.iso"),
    ...small.slice(0, 14).map((path) => started(path)),
  ], 0);
  state.apply(moved("a.iso", 50 * MIB), 3_000);
  for (const path of small.slice(0, 10)) state.apply(finished(path, MIB / 2), 3_000);
  for (const path of small.slice(10, 12)) state.apply({ type: "verifying", path }, 3_000);
  return state;
}

for (const columns of [20, 40, 80, 200]) {
  Deno.test(`renderBars has one row for many small files in ${columns} columns`, async () => {
    const lines = renderBars(manySmall(), { ...OPTIONS, columns, now: 3_000 });
    const golden = await Deno.readTextFile(new URL(`small-${columns}.txt`, GOLDEN));
    assert.equal(lines.join("\n") + "\n", golden);
  });
}

Deno.test("renderBars claims no 100 % after a failure", () => {
  const state = stateAfter([CONNECTED, queued("a", 6 * MIB), queued("b", 6 * MIB), started("a")]);
  state.apply(failed("a", "disk full"), 0);
  state.apply(finished("b", 6 * MIB), 1_000);
  assert.match(renderBars(state, OPTIONS)[0]!, /^1 of 2 files, 1 failed .* 50% +6\.0\/12\.0 MiB/);
});

Deno.test("renderBars paints each priority in its colour", () => {
  const lines = renderBars(manySmall(), { ...OPTIONS, now: 3_000, color: true });
  for (const [index, color] of [[0, 202], [1, 244]] as const) {
    assert.equal(lines[index]!.split(`\x1b[38;5;${color}m`).length, 3, lines[index]);
  }
});

Deno.test("renderBars shows the bytes to repeat in their column, and the total at its peak", () => {
  const state = stateAfter([CONNECTED, queued("a", 2 * MIB), queued("b", 2 * MIB)]);
  for (const path of ["a", "b"]) state.apply(started(path), 0);
  for (const path of ["a", "b"]) state.apply(moved(path, 1020 * 1024), 1000);
  state.apply({ type: "refetching", path: "a", reason: "damaged" }, 2000);
  for (const columns of [71, 72, 80, 200]) {
    const lines = renderBars(state, { ...OPTIONS, columns });
    for (const line of lines) assert.ok(widthOf(line) <= columns, line);
    if (columns < 72) continue;
    assert.match(lines[0]!, / 49% repeat 1020 KiB /);
    assert.match(lines[1]!, / 49% {3}1\.00\/2\.00 MiB /);
    assert.match(lines[2]!, / 49% {3}1\.99\/4\.00 MiB /);
  }
});

Deno.test("renderBars shows the same text with colours and without", () => {
  const plain = renderBars(busyState(), OPTIONS);
  const coloured = renderBars(busyState(), { ...OPTIONS, color: true });
  // deno-lint-ignore no-control-regex
  assert.deepEqual(coloured.map((line) => line.replace(/\x1b\[[0-9;]*m/g, "")), plain);
  if (!Deno.noColor) assert.notDeepEqual(coloured, plain);
});

Deno.test("renderBars draws ASCII only if asked to", () => {
  const state = stateAfter([CONNECTED, queued("a".repeat(100), 10), started("a".repeat(100))]);
  for (const columns of [20, 40, 80, 200]) {
    const text = renderBars(state, { ...OPTIONS, columns, unicode: false }).join("\n");
    assert.match(text, /^[\n -~]+$/);
  }
});

Deno.test("renderBars never exceeds the terminal", () => {
  const steps = fc.array(fc.record({ after: fc.nat(5000), event: ANY_EVENT }), { maxLength: 30 });
  const names = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.boolean()), { maxLength: 30 });
  const columns = fc.integer({ min: 0, max: 210 });
  const rows = fc.integer({ min: 0, max: 60 });
  const flag = fc.boolean();
  fc.assert(
    fc.property(
      steps,
      names,
      columns,
      rows,
      flag,
      flag,
      (steps, names, columns, rows, color, unicode) => {
        const state = stateAfter(names.map(([name]) => queued(name, 1000)));
        for (const [name, starts] of names) if (starts) state.apply(started(name), 0);
        let now = 0;
        for (const { after, event } of steps) state.apply(event, now += after);
        const lines = renderBars(state, { columns, rows, now, color, unicode, input: "i" });
        assert.ok(lines.length <= Math.max(0, rows - 1), `${lines.length} of ${rows} rows`);
        for (const line of lines) {
          assert.ok(widthOf(line) <= columns, `${widthOf(line)} of ${columns} columns: "${line}"`);
          assert.doesNotMatch(line, /NaN|Infinity|undefined|-\d/);
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("renderBars draws ten thousand files", () => {
  const paths = Array.from({ length: 10_000 }, (_, index) => `photos/${index}.jpg`);
  const begin = performance.now();
  const state = stateAfter([CONNECTED, ...paths.map((path) => queued(path, 1000))]);
  for (const path of paths) state.apply(started(path), 0);
  const files = paths.map((path) => ({ path, received: 500 }));
  state.apply({ type: "progress", files }, 1000);
  const applied = performance.now();
  const lines = renderBars(state, { ...OPTIONS, now: 1000 });
  const drawn = performance.now();
  assert.match(lines[0]!, /^NORMAL {3}0 of 10000 files +▕.*▏ +50% /);
  assert.equal(lines.length, 3);
  const times = [applied - begin, drawn - applied].map((time) => time.toFixed(1)).join(" ms, ");
  Deno.stdout.writeSync(new TextEncoder().encode(`30,000 changes, one drawing: ${times} ms\n`));
});

Deno.test("drawBar is full only at 1", () => {
  assert.equal(drawBar(0, 10, true), "▕        ▏");
  assert.equal(drawBar(0.5, 10, true), "▕████    ▏");
  assert.equal(drawBar(0.52, 10, true), "▕████▏   ▏");
  assert.equal(drawBar(0.999, 10, true), "▕███████▉▏");
  assert.equal(drawBar(1, 10, true), "▕████████▏");
  assert.equal(drawBar(0.999, 10, false), "[####### ]");
  assert.equal(drawBar(NaN, 10, false), "[        ]");
});

Deno.test("renderBars shows a run that stands still as such", () => {
  const state = stateAfter([CONNECTED, queued("a.iso", 8 * MIB), started("a.iso")], 0);
  state.apply(moved("a.iso", MIB), 1_000);
  const lines = renderBars(state, { ...OPTIONS, now: 6_500 });
  assert.equal(lines.length, 3);
  for (const line of lines.slice(0, 2)) assert.match(line, / 0 B\/s +-:--$/);
  assert.equal(lines[2], "no data for 5 s; Ctrl+C to stop");
});
