/** What the shared folder is: a link that is switched, a folder that vanishes and comes back. */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { Catalog, type CatalogReports } from "../../../lib/server/folder/catalog.ts";
import {
  DEADLINE_MS,
  NO_REPORTS,
  pass,
  tempFolder,
  textOf,
} from "../../support/catalog_fixture.ts";

/** A link `current` to the first of two releases, shared. */
async function releases() {
  const temp = tempFolder();
  const at = (path: string) => join(temp.path, path);
  const write = (path: string, text: string) => Deno.writeTextFileSync(at(path), text);
  for (const name of ["v1", "v2"]) {
    Deno.mkdirSync(at(name));
    write(`${name}/app`, name);
    write(`${name}/only-${name}`, name);
  }
  const point = (name: string) => {
    Deno.symlinkSync(name, at("next"));
    Deno.renameSync(at("next"), at("current"));
  };
  point("v1");
  const reported: string[] = [];
  const reports: CatalogReports = {
    ...NO_REPORTS,
    onScanFailed: () => reported.push("failed"),
    onScanRecovered: () => reported.push("recovered"),
  };
  const catalog = await Catalog.open(at("current"), false, reports);
  const listed = () => catalog.snapshot().map(({ path }) => path).sort();
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds()) {
      assert.ok(performance.now() < deadline, `It did not happen; listed: ${listed().join(", ")}`);
      await pass(10);
    }
  };
  const read = async (path: string) => {
    const { version } = catalog.snapshot().find((file) => file.path === path)!;
    const lease = await catalog.opener.lease(catalog.find(path, version));
    const text = await textOf(lease);
    lease.release();
    return text;
  };
  return {
    at,
    write,
    point,
    listed,
    until,
    read,
    reported,
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

type Place = Awaited<ReturnType<typeof releases>>;

Deno.test("Catalog serves the other folder once the link to the shared one is switched", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using place = await releases();
  assert.equal(await place.read("app"), "v1");
  place.point("v2");
  await place.until(() => place.listed().join() === "app,only-v2");
  assert.equal(await place.read("app"), "v2");
  // The other folder is watched, and the former one is not shared any more.
  place.write("v1/late", "");
  place.write("v2/new", "");
  await place.until(() => place.listed().join() === "app,new,only-v2");
  assert.deepEqual(place.reported, []);
});

for (
  const [what, vanish, comeBack] of [
    [
      "is moved away",
      (at: Place["at"]) => Deno.renameSync(at("v1"), at("away")),
      (at: Place["at"]) => Deno.renameSync(at("away"), at("v1")),
    ],
    [
      "loses the link to it",
      (at: Place["at"]) => Deno.removeSync(at("current")),
      (at: Place["at"]) => Deno.symlinkSync("v1", at("current")),
    ],
  ] as const
) {
  Deno.test(`Catalog keeps its list while the folder ${what}, and goes on after it`, {
    ignore: Deno.build.os === "windows",
  }, async () => {
    await using place = await releases();
    vanish(place.at);
    await place.until(() => place.reported.length > 0);
    // Time for more scans, each of which must leave the list as it is.
    await pass(1_200);
    assert.deepEqual(place.listed(), ["app", "only-v1"]);
    comeBack(place.at);
    await place.until(() => place.reported.length > 1);
    place.write("v1/new", "");
    await place.until(() => place.listed().join() === "app,new,only-v1");
    assert.equal(await place.read("app"), "v1");
    assert.deepEqual(place.reported, ["failed", "recovered"]);
  });
}

Deno.test("Catalog lists another folder that takes the shared one's place", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using place = await releases();
  Deno.removeSync(place.at("v1"), { recursive: true });
  await place.until(() => place.reported.length > 0);
  assert.deepEqual(place.listed(), ["app", "only-v1"]);
  Deno.mkdirSync(place.at("v1"));
  place.write("v1/other", "x");
  await place.until(() => place.listed().join() === "other");
  place.write("v1/new", "");
  await place.until(() => place.listed().join() === "new,other");
});

Deno.test("Catalog.open gives up its first scan when the signal aborts", async () => {
  await using place = await releases();
  // At once, and at some time during the scan.
  for (const delay of [0, 1, 5, 20]) {
    const controller = new AbortController();
    const { signal } = controller;
    const opening = Catalog.open(place.at("v1"), false, NO_REPORTS, { signal });
    const timer = setTimeout(() => controller.abort(new Error("Interrupted")), delay);
    if (delay === 0) controller.abort(new Error("Interrupted"));
    const [outcome] = await Promise.allSettled([opening]);
    clearTimeout(timer);
    if (outcome.status === "fulfilled") await outcome.value[Symbol.asyncDispose]();
    else assert.match(String(outcome.reason), /Interrupted/);
    assert.ok(delay > 0 || outcome.status === "rejected");
  }
});
