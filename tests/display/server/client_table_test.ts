import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClientRate } from "../../../lib/display/server/client_rates.ts";
import {
  type ClientTableOptions,
  renderClientTable,
} from "../../../lib/display/server/client_table.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";
import { client } from "../../support/server_view_fixture.ts";
import { indices } from "../../support/bars_fixture.ts";

const MIB = 1024 ** 2;
const NOW = 10_000_000;
const OPTIONS: ClientTableOptions = {
  columns: 79,
  rows: 24,
  now: NOW,
  color: false,
  unicode: true,
};

const BUSY: readonly ClientRate[] = [
  { client: client("192.168.1.5:50000", NOW - 7000, 800 * MIB, 3), rate: 112 * MIB },
  { client: client("10.0.0.77:40123", NOW - 3_723_000, 12_345, 1), rate: 999 },
  ...indices(30).map((index): ClientRate => ({
    client: client(`10.0.1.${index}:60000`, NOW - 60_000 * index, 1000 * index, 40),
    rate: 5 * MIB,
  })),
  { client: client("[2001:db8:1234:5678:9abc:def0:1234:5678]:50000", NOW - 1, 0, 2), rate: 0 },
  { client: client("127.0.0.1:1", NOW - 500 * 3_600_000, 3 * 1024 ** 4), rate: 0 },
];

const TOTALS = { clients: 50, files: 12, bytes: 4 * 1024 ** 4 };
const STATE = { clients: BUSY, totals: TOTALS };

const GOLDEN = new URL("golden/", import.meta.url);

for (const columns of [20, 40, 80, 200]) {
  for (const rows of [3, 10, 50]) {
    Deno.test(`renderClientTable draws ${columns} × ${rows} as in the golden file`, async () => {
      const lines = renderClientTable(STATE, { ...OPTIONS, columns: columns - 1, rows });
      const golden = await Deno.readTextFile(new URL(`clients-${columns}x${rows}.txt`, GOLDEN));
      assert.equal(lines.join("\n") + "\n", golden);
    });
  }
}

Deno.test("renderClientTable returns one line if there is no client", () => {
  const none = { ...STATE, clients: [], totals: { clients: 0, files: 0, bytes: 0 } };
  assert.deepEqual(renderClientTable(none, OPTIONS), ["no client yet; Ctrl+C to stop"]);
  assert.deepEqual(renderClientTable({ ...none, totals: TOTALS }, OPTIONS), [
    "no client now, 50 so far: 12 files, 4.00 TiB; Ctrl+C to stop",
  ]);
  const narrow = (columns: number) =>
    renderClientTable({ ...none, totals: TOTALS }, { ...OPTIONS, columns });
  assert.deepEqual([45, 30, 19].flatMap(narrow), [
    "no client now, 50 so far; Ctrl+C to stop",
    "no client now, 50 so far",
    "no client now",
  ]);
});

Deno.test("renderClientTable distinguishes a waiting client from an idle one", () => {
  const lines = renderClientTable({ ...STATE, clients: BUSY.slice(-2) }, OPTIONS);
  assert.match(lines[1]!, / 2 +0 B\/s /);
  assert.match(lines[2]!, / 0 +idle /);
});

Deno.test("renderClientTable shows the same text with colours and without", () => {
  const plain = renderClientTable(STATE, OPTIONS);
  const coloured = renderClientTable(STATE, { ...OPTIONS, color: true });
  // deno-lint-ignore no-control-regex
  assert.deepEqual(coloured.map((line) => line.replace(/\x1b\[[0-9;]*m/g, "")), plain);
});

Deno.test("renderClientTable keeps its columns in place while numbers change", () => {
  const clients = indices(4).map((index) => client(`127.0.0.1:${5000 + index}`, NOW));
  const starts = indices(50).map((step) => {
    for (const each of clients) each.bytesSent = 3 ** step % 2 ** 42;
    const rates = clients.map((client) => ({ client, rate: 7 ** step % 2 ** 33 }));
    const now = NOW + 5000 * 3 ** (step % 11);
    return renderClientTable({ ...STATE, clients: rates }, { ...OPTIONS, now })[0];
  });
  assert.deepEqual([...new Set(starts)].length, 1, starts.join("\n"));
});

Deno.test("renderClientTable never exceeds the terminal", () => {
  const count = fc.oneof(fc.nat(100), fc.constant(2000));
  const columns = fc.integer({ min: 0, max: 210 });
  const rows = fc.integer({ min: 0, max: 60 });
  fc.assert(fc.property(count, columns, rows, fc.boolean(), (count, columns, rows, color) => {
    const clients = indices(count).map((index) => BUSY[index % BUSY.length]!);
    const lines = renderClientTable({ ...STATE, clients }, { ...OPTIONS, columns, rows, color });
    assert.ok(lines.length <= Math.max(0, rows - 1), `${lines.length} of ${rows}`);
    for (const line of lines) assert.ok(widthOf(line) <= columns, line);
  }));
});
