import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { FOLD_LIMIT, FOLD_PERIOD, MessageFold } from "../../../lib/display/client/message_fold.ts";
import { type MessageStyle, renderMessage } from "../../../lib/display/client/messages.ts";
import { paintOf } from "../../../lib/display/terminal/paint.ts";
import {
  alreadyThere,
  CONNECTED,
  connected,
  failed,
  finished,
  moved,
  queued,
  started,
  stateAfter,
} from "../../support/fake_terminal.ts";

const STYLE: MessageStyle = {
  paint: paintOf(false),
  unicode: true,
  marks: false,
  serverCommand: "sluice-server",
  columns: 79,
};

const MIB = 1024 ** 2;

function linesOf(event: ClientEvent, before: readonly ClientEvent[] = [], style = STYLE) {
  return renderMessage(event, stateAfter(before), style)?.lines ?? [];
}

const LOST: ClientEvent = { type: "disconnected", reason: "reset", retryIn: 3000 };

for (
  const [event, before, line] of [
    [finished("a.iso", 7 * MIB), [queued("a.iso", 7 * MIB)], "done     a.iso  7.00 MiB"],
    [
      finished("a.iso", 8 * MIB, 2000),
      [queued("a.iso", 8 * MIB), started("a.iso", 6 * MIB), moved("a.iso", 7 * MIB)],
      "done     a.iso  8.00 MiB, 2.00 MiB of it in 2.0 s (1.00 MiB/s)",
    ],
    [
      alreadyThere("a.iso", MIB),
      [queued("a.iso", MIB)],
      "done     a.iso  1.00 MiB, already there",
    ],
    [
      failed("a\n.iso", "disk full"),
      [],
      "failed   a\\n.iso  disk full",
    ],
    [{ type: "warning", kind: "line", message: "line 3: \x1b" }, [], "warning  line 3: \\x1b"],
    [
      started("a.iso", MIB),
      [queued("a.iso", 2 * MIB)],
      "resumed  a.iso  1.00/2.00 MiB already on disk",
    ],
    [
      { type: "refetching", path: "a.iso", reason: "it has changed" },
      [queued("a.iso", MIB)],
      "refetch  a.iso  it has changed",
    ],
    [
      { type: "replaced", path: "a.iso", size: 2 * MIB },
      [queued("a.iso", MIB)],
      "replaced a.iso  another file of 2.00 MiB, which this run had not put there",
    ],
    [
      { type: "dropped", path: "a.iso", reason: "its line is gone" },
      [queued("a.iso", MIB)],
      "stopped  a.iso  its line is gone",
    ],
    [
      { type: "reprioritized", path: "a.iso", priority: "HIGH" },
      [queued("a.iso", MIB)],
      "priority a.iso  HIGH",
    ],
    [LOST, [CONNECTED], "lost the server: reset; trying again"],
    [{ ...LOST, retryIn: null } as ClientEvent, [CONNECTED, LOST], "lost the server: reset"],
    [CONNECTED, [CONNECTED, LOST], "connected again to 127.0.0.1:9009 (sluice 0.1.0)"],
  ] as [ClientEvent, ClientEvent[], string][]
) {
  Deno.test(`renderMessage turns ${event.type} into: ${line}`, () => {
    assert.deepEqual(linesOf(event, before), [line]);
  });
}

for (
  const [name, event, before] of [
    ["the queue", queued("a", 1), []],
    ["a start from nothing", started("a"), [queued("a", 1)]],
    ["going on after a lost connection", started("a", 5), [
      queued("a", 9),
      started("a"),
      moved("a", 5),
      queued("a", 9),
    ]],
    ["progress", moved("a", 1), [queued("a", 1)]],
    ["the same loss again", LOST, [CONNECTED, LOST]],
    ["dropping what is done", { type: "dropped", path: "a", reason: "" }, [
      queued("a", 1),
      finished("a", 1),
    ]],
    ["a change of the list", { type: "list", files: 9, size: 99, changed: 3, removed: 1 }, [
      CONNECTED,
    ]],
    ["the input list", { type: "input", entries: 3 }, []],
    ["waiting", { type: "waiting", names: ["a"] }, []],
    ["idling", { type: "idle" }, []],
  ] as [string, ClientEvent, ClientEvent[]][]
) {
  Deno.test(`renderMessage has no line for ${name}`, () => {
    assert.deepEqual(linesOf(event, before), []);
  });
}

Deno.test("renderMessage reports an unreachable server, and what to do, once", () => {
  const before: ClientEvent[] = [{ type: "connecting", server: "[::1]:9009" }];
  const refused = { ...LOST, reason: "Connection refused (os error 111)" };
  const [line, hint, ...rest] = linesOf(refused, before);
  assert.equal(line, "cannot reach [::1]:9009: Connection refused; trying again");
  assert.match(hint!, /^hint +start a server there .*--server HOST:PORT$/);
  assert.deepEqual(rest, []);
  assert.deepEqual(linesOf(refused, [...before, refused]), []);
});

Deno.test("renderMessage says what the server has, and what of it the list names", () => {
  const first = "connected to 127.0.0.1:9009 (sluice 0.1.0): 16 files, 480 MiB";
  const listed = { files: 16, size: 480 * MIB };
  const wanted = { files: 10, size: 461 * MIB };
  assert.deepEqual(linesOf(connected(listed, wanted)), [
    `${first}; the list names 10 of them, 461 MiB`,
  ]);
  assert.deepEqual(linesOf(connected(listed)), [`${first}; the list names all of them`]);
  assert.deepEqual(linesOf(connected(listed, { files: 0, size: 0 })), [
    `${first}; the list names 0 of them, 0 B`,
  ]);
});

Deno.test("renderMessage shortens the name of a file that ended to one row", () => {
  const name = "n".repeat(100);
  const [done] = linesOf(finished(name, MIB), [queued(name, MIB)]);
  assert.equal(done!.length, 79);
  const [line] = linesOf(failed(name, "disk full"));
  assert.equal(line, `failed   ${"n".repeat(29)}…${"n".repeat(29)}  disk full`);
});

function message(index: number) {
  return renderMessage(finished(`${index}`, 1024), stateAfter([]), STYLE)!;
}

Deno.test("MessageFold shows some messages of a kind and counts the others", () => {
  const fold = new MessageFold(true);
  for (let index = 0; index < FOLD_LIMIT + 312; index++) fold.push(message(index), 0);
  const lines = fold.take(100, false);
  assert.equal(lines.length, FOLD_LIMIT);
  assert.deepEqual(fold.take(FOLD_PERIOD - 1, false), []);
  assert.deepEqual(fold.take(FOLD_PERIOD, false), ["… and 312 more files finished (312 KiB)"]);
  assert.deepEqual(fold.take(FOLD_PERIOD, false), []);
});

Deno.test("MessageFold counts hidden messages before it shows more of the kind", () => {
  const fold = new MessageFold(false);
  for (let index = 0; index <= FOLD_LIMIT; index++) fold.push(message(index), 0);
  fold.push(message(100), FOLD_PERIOD);
  assert.deepEqual(fold.take(FOLD_PERIOD, false).slice(FOLD_LIMIT), [
    "... and 1 more file finished (1.00 KiB)",
    "done     100  1.00 KiB",
  ]);
});

Deno.test("MessageFold counts everything at the end", () => {
  const fold = new MessageFold(true);
  for (let index = 0; index <= FOLD_LIMIT; index++) fold.push(message(index), 0);
  assert.equal(fold.take(1, true).at(-1), "… and 1 more file finished (1.00 KiB)");
});

Deno.test("MessageFold limits each kind separately", () => {
  const fold = new MessageFold(true);
  for (let index = 0; index < 100; index++) fold.push(message(index), 0);
  fold.push({ kind: "warning", lines: ["warning  line 3"], bytes: 0 }, 0);
  assert.equal(fold.take(0, false).at(-1), "warning  line 3");
});
