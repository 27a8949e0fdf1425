import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { readDocument, readDocuments } from "../support/documents.ts";

const MAX_README_LINES = 150;

Deno.test("README is short enough to be read", async () => {
  const { text } = await readDocument("README.md");
  const lines = text.trimEnd().split("\n").length;
  assert.ok(lines <= MAX_README_LINES, `${lines} lines`);
});

Deno.test("documents name only tasks that exist", async () => {
  const documents = await readDocuments();
  const named = documents.flatMap(({ text }) =>
    [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z-]+)/g)].map(([, task]) => task!)
  );
  assert.ok(named.length > 0);
  for (const task of named) assert.ok(task in config.tasks, task);
});
