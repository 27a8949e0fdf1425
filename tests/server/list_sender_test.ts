import assert from "node:assert/strict";
import type { Outgoing } from "../../lib/protocol/connection.ts";
import { type ListPage, parseListPage } from "../../lib/protocol/payloads.ts";
import type { CatalogListener } from "../../lib/server/folder/catalog.ts";
import { ListSender } from "../../lib/server/list_sender.ts";

/** A catalog whose changes a test makes. */
class FakeCatalog {
  revision = 1;
  size = 0;
  readonly listeners = new Set<CatalogListener>();

  subscribe(listener: CatalogListener): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  change(paths: readonly string[], removed: readonly string[] = []): void {
    this.revision++;
    const files = paths.map((path) => ({ path, size: this.revision, modified: 1, version: "1" }));
    for (const listener of this.listeners) listener({ files, removed });
  }
}

/** A client that takes messages while it reads. */
class FakeClient {
  readonly pages: ListPage[] = [];
  failure: Error | undefined;
  #reads = Promise.withResolvers<void>();

  constructor(reads: boolean) {
    if (reads) this.read();
  }

  read(): void {
    this.#reads.resolve();
  }

  async send({ payload }: Outgoing): Promise<void> {
    await this.#reads.promise;
    this.pages.push(parseListPage(payload!));
  }

  fail(error: Error): void {
    this.failure = error;
  }

  /** What each path is after all pages: its size, or null if it was removed. */
  get known(): Record<string, number | null> {
    const known: Record<string, number | null> = {};
    for (const { files, removed } of this.pages) {
      for (const path of removed) known[path] = null;
      for (const { path, size } of files) known[path] = size;
    }
    return known;
  }
}

const LIST = { pages: function* () {} };
const KIB = 1024;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("ListSender sends small changes together, in their order, with growing revisions", async () => {
  const catalog = new FakeCatalog();
  const client = new FakeClient(false);
  using sender = new ListSender(client, catalog, 1024 * KIB);
  catalog.change(["a", "b"]);
  await sender.sendAll(LIST);
  catalog.change(["c"], ["a"]);
  catalog.change(["a"], ["b"]);
  catalog.change(Array.from({ length: 2_000 }, (_, i) => `many ${i}`));
  catalog.change(["c"]);
  client.read();
  await turn();
  const { a, b, c, ["many 1999"]: many } = client.known;
  assert.deepEqual({ a, b, c, many }, { a: 4, b: null, c: 6, many: 5 });
  assert.deepEqual(client.pages.map(({ revision }) => revision), [2, 4, 5, 6]);
  assert.ok(client.pages.every(({ complete }) => !complete));
});

Deno.test("ListSender disconnects a client for which more waits than the memory allows", async () => {
  const catalog = new FakeCatalog();
  const clients = [new FakeClient(true), new FakeClient(false)];
  const senders = clients.map((client) => new ListSender(client, catalog, 16 * KIB));
  for (const sender of senders) await sender.sendAll(LIST);
  for (let round = 0; round < 100; round++) {
    catalog.change([`file ${round}`]);
    await turn();
  }
  const [reading, stuck] = clients;
  assert.match(stuck!.failure!.message, /too slowly/);
  assert.equal(reading!.failure, undefined);
  assert.equal(Object.keys(reading!.known).length, 100);
  assert.equal(catalog.listeners.size, 1, "the stuck one still listens");
  for (const sender of senders) sender[Symbol.dispose]();
  assert.equal(catalog.listeners.size, 0);
});

Deno.test("ListSender disconnects nobody for one large change, nor for fewer files than are listed", async () => {
  const catalog = new FakeCatalog();
  const client = new FakeClient(false);
  using sender = new ListSender(client, catalog, 16 * KIB);
  await sender.sendAll(LIST);
  catalog.size = 1_000;
  catalog.change(Array.from({ length: 5_000 }, (_, i) => `${i}`));
  for (let round = 0; round < 1_000; round++) catalog.change(["log"]);
  assert.equal(client.failure, undefined);
  catalog.change(["log"]);
  assert.match(client.failure!.message, /too slowly/);
});
