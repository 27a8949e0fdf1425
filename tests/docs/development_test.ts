import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { readDocument, rowsOf, sectionOf } from "../support/documents.ts";

Deno.test("docs/development.md names every package of the import map, and no other", async () => {
  const packages = Object.keys(config.imports).map((name) =>
    name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0]
  );
  const section = sectionOf(await readDocument("docs/development.md"), "## Packages");
  const rows = rowsOf(section).flatMap(([name]) => name!.match(/(?<=^`)[@a-z/-]+(?=`$)/g) ?? []);
  assert.deepEqual(new Set(rows), new Set(packages));
});
