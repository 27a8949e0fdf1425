import assert from "node:assert/strict";
import { parseListPage } from "../../../lib/protocol/payloads.ts";
import { ListCache } from "../../../lib/server/folder/list_cache.ts";

/** A list of `count` files, long enough for several pages. */
function sourceOf(count: number, revision = 1) {
  const files = Array.from({ length: count }, (_, i) => ({
    path: `${"x".repeat(300)}${i}`,
    size: i,
    modified: 0,
    version: "v",
  }));
  return { revision, snapshot: () => files };
}

Deno.test("ListCache gives every reader all pages, and encodes each once", () => {
  const list = new ListCache(sourceOf(5_000));
  const first = list.pages();
  const begun = [first.next().value!];
  const second = [...list.pages()];
  begun.push(...first);
  assert.ok(second.length > 2);
  assert.equal(begun.length, second.length);
  for (const [i, page] of begun.entries()) assert.equal(page, second[i]);
  const sizes = second.flatMap(({ payload }) =>
    parseListPage(payload).files.map(({ size }) => size)
  );
  assert.deepEqual(sizes, Array.from({ length: 5_000 }, (_, i) => i));
  assert.deepEqual(second.map(({ more }) => more), second.map((_, i) => i < second.length - 1));
});

Deno.test("ListCache gives a reader that has begun the old revision, and a later one the new", () => {
  const source = sourceOf(5_000);
  const list = new ListCache(source);
  const early = list.pages();
  const pages = [early.next().value!];
  source.revision = 2;
  const late = [...list.pages()];
  pages.push(...early);
  const revisionsOf = (told: typeof late) =>
    new Set(told.map(({ payload }) => parseListPage(payload).revision));
  assert.deepEqual(revisionsOf(pages), new Set([1]));
  assert.deepEqual(revisionsOf(late), new Set([2]));
});

Deno.test("ListCache keeps no pages without a reader", () => {
  const list = new ListCache(sourceOf(10));
  const [page] = [...list.pages()];
  assert.notEqual([...list.pages()][0], page);
  const left = list.pages();
  const begun = left.next().value;
  left.return(undefined);
  assert.notEqual([...list.pages()][0], begun);
});
