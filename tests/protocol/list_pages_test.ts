import assert from "node:assert/strict";
import fc from "fast-check";
import { type EncodedPage, listPages } from "../../lib/protocol/list_pages.ts";
import { MAX_SERVER_PAYLOAD } from "../../lib/protocol/message.ts";
import {
  type ListedFile,
  type ListPage,
  MAX_PATH_BYTES,
  parseListPage,
} from "../../lib/protocol/payloads.ts";

/** Any code point; the built-in arbitrary for this takes a second to create. */
const ANY_LETTER = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));

/** Small, so that few files fill a page. */
const LIMIT = 2000;

Deno.test("listPages yields one page for an empty list", () => {
  for (const complete of [true, false]) {
    const content = { revision: 7, complete, files: [], removed: [] };
    const pages = [...listPages(content)];
    assert.equal(pages.length, 1);
    assert.equal(pages[0]!.more, false);
    assert.deepEqual(parseListPage(pages[0]!.payload), content);
  }
});

Deno.test("listPages writes what the specification shows", () => {
  const files = [{ path: "a/b.txt", size: 123, modified: 1_764_000_000_000, version: "v" }];
  const [page] = listPages({ revision: 7, complete: true, files, removed: [] });
  assert.equal(
    new TextDecoder().decode(page!.payload),
    '{"revision":7,"complete":true,"files":[{"path":"a/b.txt","size":123,' +
      '"modified":1764000000000,"version":"v"}],"removed":[]}',
  );
});

Deno.test("listPages keeps every page under its limit, and every entry once and in order", () => {
  // Names with one to four bytes per character, and with characters that JSON must escape.
  const name = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60 }),
    fc.string({ unit: ANY_LETTER, minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom("é", "漢", "😀", '"', "\\", "\n", "\x01"), maxLength: 60 }),
  );
  const file: fc.Arbitrary<ListedFile> = fc.record({
    path: name,
    size: fc.maxSafeNat(),
    modified: fc.maxSafeInteger(),
    version: fc.string({ maxLength: 40 }),
  }, { noNullPrototype: true });
  const content: fc.Arbitrary<ListPage> = fc.record({
    revision: fc.maxSafeNat(),
    complete: fc.boolean(),
    files: fc.array(file, { maxLength: 60 }),
    removed: fc.array(name, { maxLength: 60 }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(content, (content) => {
    const pages = [...listPages(content, LIMIT)];
    assert.deepEqual(together(pages), content);
    for (const { payload } of pages) assert.ok(payload.length <= LIMIT, `${payload.length} bytes`);
    for (const [i, { more }] of pages.entries()) assert.equal(more, i < pages.length - 1);
  }));
});

Deno.test("listPages fills a page before it begins the next", () => {
  const files = Array.from({ length: 500 }, (_, i) => fileOf(`folder/file ${i}.bin`));
  const pages = [...listPages(contentOf(files), LIMIT)];
  // Each letter of an entry counts as three bytes.
  for (const { payload } of pages.slice(0, -1)) assert.ok(payload.length > LIMIT / 5);
});

Deno.test("listPages keeps a folder of 100,000 files under the protocol's limit", () => {
  const files = Array.from({ length: 100_000 }, (_, i) => fileOf(`漢字/😀 ${i}/${i * 7919}.bin`));
  const content = contentOf(files);
  const pages = [...listPages(content)];
  assert.ok(pages.length > 5);
  for (const { payload } of pages) assert.ok(payload.length <= MAX_SERVER_PAYLOAD);
  assert.deepEqual(together(pages), content);
});

Deno.test("listPages fits the longest paths", () => {
  for (const letter of ["a", "é", "漢", "😀", '"']) {
    const bytes = new TextEncoder().encode(letter).length;
    const path = letter.repeat(Math.floor(MAX_PATH_BYTES / bytes));
    const files = Array.from({ length: 300 }, () => fileOf(path));
    const removed = files.map((file) => file.path);
    const content = { revision: 1, complete: false, files, removed };
    const pages = [...listPages(content)];
    for (const { payload } of pages) assert.ok(payload.length <= MAX_SERVER_PAYLOAD);
    assert.deepEqual(together(pages), content);
  }
});

Deno.test("listPages lists only the members of the specification", () => {
  const file = { ...fileOf("a"), device: 7, secret: "where it is" };
  const [page] = listPages(contentOf([file]));
  assert.deepEqual(JSON.parse(new TextDecoder().decode(page!.payload)).files, [fileOf("a")]);
});

/** The content of all pages, which all have the same revision. */
function together(pages: readonly EncodedPage[]): ListPage {
  const parsed = pages.map(({ payload }) => parseListPage(payload));
  const { revision, complete } = parsed[0]!;
  for (const page of parsed) {
    assert.equal(page.revision, revision);
    assert.equal(page.complete, complete);
  }
  return {
    revision,
    complete,
    files: parsed.flatMap(({ files }) => files),
    removed: parsed.flatMap(({ removed }) => removed),
  };
}

function contentOf(files: readonly ListedFile[]): ListPage {
  return { revision: 1, complete: true, files, removed: [] };
}

function fileOf(path: string): ListedFile {
  return { path, size: 4096, modified: 1_764_000_000_000, version: "2s-mcl1u8lq-mcl1u8lq-9zld" };
}
