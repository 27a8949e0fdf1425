import assert from "node:assert/strict";
import fc from "fast-check";
import { renderFileList } from "../../../lib/display/client/file_list.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";
import type { ListedFile } from "../../../lib/protocol/payloads.ts";

function listed(path: string, size: number): ListedFile {
  return { path, size, modified: 0, version: "1" };
}

Deno.test("renderFileList aligns names and sizes, ordered by name", () => {
  const files = [listed("b/日本.txt", 5), listed("a.iso", 2.61 * 1024 ** 3), listed("c", 0)];
  assert.deepEqual(renderFileList(files, { columns: 80, limit: 20 }), [
    "a.iso       2.61 GiB",
    "b/日本.txt       5 B",
    "c                0 B",
  ]);
});

Deno.test("renderFileList returns nothing for an empty list", () => {
  assert.deepEqual(renderFileList([], { columns: 80, limit: 20 }), []);
});

Deno.test("renderFileList counts files over the limit", () => {
  const files = Array.from({ length: 57 }, (_, index) => listed(`${index}.txt`, index));
  const rows = renderFileList(files, { columns: 80, limit: 20 });
  assert.equal(rows.length, 21);
  assert.equal(rows.at(-1), "+ 37 more");
  assert.equal(renderFileList(files, { columns: 80, limit: null }).length, 57);
  assert.deepEqual(renderFileList(files, { columns: 80, limit: 0 }), ["+ 57 more"]);
});

Deno.test("renderFileList shortens names only for a terminal", () => {
  const files = [listed("n".repeat(100), 1)];
  assert.equal(
    renderFileList(files, { columns: 20, limit: 20 })[0],
    "nnnnn…nnnn       1 B",
  );
  assert.equal(
    renderFileList(files, { columns: Infinity, limit: 20 })[0],
    "n".repeat(100) + "       1 B",
  );
});

Deno.test("renderFileList escapes control characters", () => {
  const [row] = renderFileList([listed("a\x1b[2J", 1)], { columns: 80, limit: 20 });
  assert.equal(row, "a\\x1b[2J       1 B");
});

Deno.test("renderFileList never exceeds its columns and its limit", () => {
  const files = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.maxSafeNat()));
  fc.assert(fc.property(files, fc.nat(100), fc.nat(10), (files, columns, limit) => {
    const rows = renderFileList(files.map(([path, size]) => listed(path, size)), {
      columns,
      limit,
    });
    assert.ok(rows.length <= limit + 1);
    for (const row of rows) assert.ok(widthOf(row) <= columns, row);
  }));
});
