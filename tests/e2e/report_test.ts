import assert from "node:assert/strict";
import { join } from "@std/path";
import { type JsonLine, parseJsonLines } from "../support/event_schema.ts";
import { openInBrowser } from "../support/browser.ts";
import { errorOf, runClient, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

Deno.test("client --report writes a page whose numbers are those of the JSON", async () => {
  const hostile = `<img src=x onerror="alert(1)">.bin`;
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 12 * MB, "b.bin": 6 * MB, [hostile]: 1000 },
    input: `a.bin CRITICAL\nb.bin\n${hostile} HIGH\nmissing.bin\n`,
    args: ["--once", "--progress", "json", "--report", "run.html"],
  });
  const { client, workspace } = stage;
  await stage.underWay("b.bin");
  await workspace.setInput(`a.bin CRITICAL\nb.bin HIGH\n${hostile} HIGH\nmissing.bin\n`);
  await client.waitForOutput('"event":"reprioritized"');
  const { code, stdout, stderr } = await client.ended();
  assert.deepEqual([code, stderr], [1, ""]);
  const last = parseJsonLines(stdout).at(-1)!;
  const path = join(workspace.root, "run.html");
  assertNumbers(dataOf(await Deno.readTextFile(path)), last);

  const view = await openInBrowser(path);
  if (!view) return;
  assert.deepEqual(view.messages, []);
  assertNumbers(dataOf(view.dom), last);
  assert.match(view.dom, /<path class="critical/);
  assert.match(view.dom, /<span class="mark edit"/);
  assert.ok(view.dom.includes("&lt;img src=x"));
  assert.doesNotMatch(view.dom, /<img/);
});

Deno.test("openInBrowser returns the errors of a page", async () => {
  await using site = await Workspace.create();
  const path = join(site.root, "bad.html");
  await Deno.writeTextFile(path, "<p id=x>1</p><script>x.textContent = 2; noSuchThing()</script>");
  const view = await openInBrowser(path);
  if (!view) return;
  assert.match(view.dom, /<p id="x">2<\/p>/);
  assert.match(view.messages.join("\n"), /noSuchThing/);
});

Deno.test("client --report writes a page also when it is interrupted, over an older one", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 40 * MB },
    input: "a.bin\n",
    args: ["--progress", "none", "--report", "run.html"],
  });
  const path = join(stage.workspace.root, "run.html");
  await stage.underWay("a.bin", 2 * MB);
  assert.equal(await Deno.readTextFile(path), "");
  await Deno.writeTextFile(path, "x".repeat(100_000));
  stage.client.interrupt();
  assert.equal((await stage.client.ended()).code, 130);
  const page = await Deno.readTextFile(path);
  assert.match(
    page,
    /^<!doctype html>[^]*Interrupted[^]*To resume: <code>(?:deno run .*client\.ts|\S*sluice-client\S*) [^]*<\/html>\n$/,
  );
});

Deno.test("client --report writes a page also when there is no server", async () => {
  await using site = await Workspace.create();
  await site.setInput("a.bin\n");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const args = ["--once", "--retry-for", "0", "--report", "run.html"];
  const { code } = await runClient({ ...site, port, args });
  assert.equal(code, 3);
  assert.match(await Deno.readTextFile(join(site.root, "run.html")), /Cannot reach 127\.0\.0\.1/);
});

for (
  const [name, report, why] of [
    ["is in no folder", "nowhere/run.html", /nowhere\/run\.html.*--report/],
    ["is a folder", "shared", /"shared": it is a folder.*--report/],
    ["is the input list", "./input.txt", /it is the input list.*--report/],
  ] as const
) {
  Deno.test(`client fails at the start if its report ${name}`, async () => {
    await using site = await Workspace.create({ "a.bin": 1000 });
    await site.setInput("a.bin\n");
    await using server = await startServer(site);
    const args = ["--once", "--report", report];
    const { code, stderr } = await runClient({ ...site, port: server.port, args });
    assert.equal(code, 2, stderr);
    assert.match(stderr, errorOf("client", /Cannot write the report [^\n]+\n$/));
    assert.match(stderr, why);
    await site.assertAbsent("a.bin");
    assert.equal(await Deno.readTextFile(site.input), "a.bin\n");
  });
}

/** The numbers of a page, by their names. */
function dataOf(html: string): Record<string, number> {
  const found = [...html.matchAll(/<data id="([\w-]+)" value="([^"]*)">/g)];
  return Object.fromEntries(found.map(([, name, value]) => [name!, Number(value)]));
}

function assertNumbers(data: Readonly<Record<string, number>>, line: JsonLine): void {
  const { shares, failed, unfinished } = line as JsonLine & {
    shares:
      | { priorities: { priority: string; expectedShare: number; actualShare: number }[] }
      | null;
    failed: unknown[];
    unfinished: unknown[];
  };
  assert.ok(shares, "nothing competed");
  const parts = shares.priorities.flatMap(({ priority, expectedShare, actualShare }) => [
    [`expected-${priority}`, expectedShare] as const,
    [`actual-${priority}`, actualShare] as const,
  ]);
  const rounded = Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]),
  );
  assert.deepEqual(rounded, {
    done: line.done,
    failed: failed.length,
    unfinished: unfinished.length,
    bytes: line.receivedBytes,
    repeated: line.repeatedBytes,
    active: line.activeMs,
    took: line.tookMs,
    rate: line.rate,
    "exit-code": line.exitCode,
    ...Object.fromEntries(parts),
  });
}
