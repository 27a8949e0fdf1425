import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Document, proseOf, readDocuments, repositoryUrl } from "../support/documents.ts";

Deno.test("documents link only to files and headings that exist", async () => {
  const documents = await readDocuments();
  const byUrl = new Map(documents.map((document) => [urlOf(document).href, document]));
  let links = 0;
  for (const document of documents) {
    for (const target of relativeLinks(document)) {
      const where = `${document.path} links to ${target}`;
      const url = new URL(target, urlOf(document));
      const anchor = decodeURIComponent(url.hash.slice(1));
      url.hash = "";
      assert.ok(existsSync(url), `${where}: there is no such file`);
      if (anchor !== "") {
        const linked = byUrl.get(url.href);
        const anchors = linked ? anchorsOf(linked) : [];
        assert.ok(anchors.includes(anchor), `${where}: there is no such heading`);
      }
      links++;
    }
  }
  assert.ok(links > 20);
});

Deno.test("documents cite only source files and folders that exist", async () => {
  let paths = 0;
  for (const document of await readDocuments()) {
    for (const [, path] of proseOf(document).matchAll(/`((?:lib|tests|tools|docs)\/[\w./-]*)`/g)) {
      assert.ok(existsSync(repositoryUrl(path!)), `${document.path} cites ${path}`);
      paths++;
    }
  }
  assert.ok(paths > 20);
});

function urlOf({ path }: Document): URL {
  return repositoryUrl(path);
}

function relativeLinks(document: Document): string[] {
  return [...proseOf(document).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub makes of a document's headings. */
function anchorsOf(document: Document): string[] {
  return [...proseOf(document).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-")
  );
}
