import assert from "node:assert/strict";
import { ServerList } from "../../../lib/client/remote/server_list.ts";
import { ProtocolError } from "../../../lib/errors.ts";
import type { ListPage } from "../../../lib/protocol/payloads.ts";

function page(revision: number, complete: boolean, paths: string[], removed: string[]): ListPage {
  const files = paths.map((path) => ({ path, size: 1, modified: 0, version: `${revision}` }));
  return { revision, complete, files, removed };
}

Deno.test("ServerList adds up the pages of the first list and of changes", () => {
  const list = new ServerList();
  list.begin(page(3, true, ["a", "b"], []));
  list.begin(page(3, true, ["c"], []));
  list.change(page(4, false, ["b"], ["a"]));
  const versions = [...list.files].map(([path, { version }]) => `${path} ${version}`);
  assert.deepEqual(versions.sort(), ["b 4", "c 3"]);
});

Deno.test("ServerList refuses a first list that is not complete", () => {
  assert.throws(() => new ServerList().begin(page(1, false, [], [])), ProtocolError);
  const list = new ServerList();
  list.begin(page(1, true, [], []));
  assert.throws(() => list.begin(page(2, true, [], [])), ProtocolError);
});

Deno.test("ServerList refuses a change that is complete or of an earlier revision", () => {
  const list = new ServerList();
  list.begin(page(5, true, [], []));
  assert.throws(() => list.change(page(4, false, [], [])), ProtocolError);
  assert.throws(() => list.change(page(6, true, [], [])), ProtocolError);
});

Deno.test("ServerList refuses a list of too many files", () => {
  const list = new ServerList(10);
  list.begin(page(1, true, Array.from({ length: 10 }, (_, i) => `${i}`), []));
  assert.throws(() => list.change(page(2, false, ["one more"], [])), ProtocolError);
});

Deno.test("ServerList refuses names that are too long in total, and counts only present ones", () => {
  const list = new ServerList(10, 100);
  // Each file has a version of one letter.
  list.begin(page(1, true, ["a".repeat(49), "b".repeat(49)], []));
  for (let revision = 2; revision < 9; revision++) {
    list.change(page(revision, false, ["a".repeat(49)], ["b".repeat(49)]));
    list.change(page(revision, false, ["b".repeat(49)], []));
  }
  assert.throws(() => list.change(page(9, false, ["c"], [])), ProtocolError);
});
