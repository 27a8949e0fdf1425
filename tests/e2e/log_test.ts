import assert from "node:assert/strict";
import type { ServerEvent } from "../../lib/server/events.ts";
import { readDocument, rowsOf, sectionOf } from "../support/documents.ts";
import { runClient, type ServerProgram, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

/** The details of every event; the type checker fails if one is missing. */
const DETAILS: { readonly [E in ServerEvent as E["event"]]: readonly Exclude<keyof E, "event">[] } =
  {
    "sharing": ["dir", "files", "reach"],
    "client_connected": ["client"],
    "connection_failed": ["client", "reason"],
    "client_refused": ["client", "clients", "sameAddress"],
    "file_sent": ["client", "path", "size"],
    "request_refused": ["client", "path", "code", "reason"],
    "client_disconnected": ["client", "files", "bytes", "refused", "seconds", "reason"],
    "folder_changed": ["changed", "removed"],
    "scan_failed": ["reason"],
    "scan_recovered": [],
    "left_out": [
      "unreadableFolders",
      "unreadableFiles",
      "unusableNames",
      "linksOut",
      "brokenLinks",
      "linkedFolders",
      "examples",
    ],
    "place_left_out": ["path", "reason", "files"],
    "place_recovered": ["path"],
    "unwatched": ["folders", "files", "reason", "advice", "examples"],
    "watch_lost": ["reason"],
    "accept_failed": ["reason"],
    "session_failed": ["reason"],
    "lines_dropped": ["lines", "reason"],
    "server_stopped": ["clients", "files", "bytes", "probes"],
  };

Deno.test("docs/events.md has every event of the server's log with its details, and no other", async () => {
  const section = sectionOf(await readDocument("docs/events.md"), "## The server's log");
  const found: Record<string, string[]> = {};
  let details: string[] = [];
  for (const [event = "", detail = ""] of rowsOf(section)) {
    const [, name] = /^`(\w+)`$/.exec(event) ?? [];
    if (name !== undefined) found[name] = details = [];
    const [, listed] = /^`(\w+)`$/.exec(detail) ?? [];
    if (listed !== undefined) details.push(listed);
  }
  assert.deepEqual(found, DETAILS);
});

Deno.test("server --log json writes one object a line, and its sums are right", async () => {
  await using workspace = await Workspace.create({
    "a.bin": 3_000_000,
    "b b\u202e.bin": 7,
    "empty": 0,
  });
  await workspace.setInput("*\n");
  await using server = await startServer({
    dir: workspace.dir,
    args: ["--log", "json", "--max-clients-per-address", "1"],
  });
  assert.equal((await runClient({ ...workspace, port: server.port })).code, 0);
  await server.waitFor('"client_disconnected"');
  await workspace.share("later.bin", 1);
  await server.waitFor('"folder_changed"');
  await beRefused(server);
  server.interrupt();
  const { code, stdout, stderr } = await server.ended();
  assert.equal(code, 0);
  assert.equal(stdout, `sluice server listening on 127.0.0.1:${server.port}\n`);

  const lines = stderr.trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line) as ServerEvent & { time: string });
  for (const { time, event, ...details } of events) {
    assert.equal(new Date(time).toISOString(), time);
    const known: readonly string[] = DETAILS[event];
    assert.deepEqual(Object.keys(details), known.filter((name) => name in details), event);
  }
  assert.ok(events.every(({ time }, at) => at === 0 || time >= events[at - 1]!.time));
  const kinds = new Set(events.map(({ event }) => event));
  assert.deepEqual([...kinds], [
    "sharing",
    "client_connected",
    "file_sent",
    "client_disconnected",
    "folder_changed",
    "client_refused",
    "server_stopped",
  ]);
  const only = <E extends ServerEvent["event"]>(kind: E) =>
    events.filter((event) => event.event === kind) as unknown as (ServerEvent & { event: E })[];
  const sent = only("file_sent").map(({ path, size }) => [path, size]);
  assert.deepEqual(sent.sort(), [["a.bin", 3_000_000], ["b b\u202e.bin", 7]]);
  const [disconnected] = only("client_disconnected");
  assert.deepEqual([disconnected!.files, disconnected!.bytes, disconnected!.refused], [
    2,
    3_000_007,
    0,
  ]);
  const [stopped] = only("server_stopped");
  assert.deepEqual([stopped!.files, stopped!.bytes], [2, 3_000_007]);
  // The connection that took the only place asked nothing: a probe, unless it stayed for long.
  assert.equal(stopped!.clients + (stopped!.probes ?? 0), 2);
});

Deno.test("server counts connections that ask nothing, and logs those that break the protocol", async () => {
  await using workspace = await Workspace.create({ "a.bin": 10 });
  await workspace.setInput("*\n");
  await using server = await startServer(workspace);
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.port });
  for (let probe = 0; probe < 3; probe++) (await connect()).close();
  {
    using http = await connect();
    await http.write(new TextEncoder().encode(`GET / HTTP/1.1\r\n${"x: y\r\n".repeat(20)}\r\n`));
    await server.waitFor(/ {2}connection_failed {2}client=127.0.0.1:\d+ {2}reason=.*magic/);
  }
  {
    // One that stays is a client, though it asks nothing yet.
    using _waiting = await connect();
    await server.waitFor("  client_connected  ");
  }
  await server.waitForDisconnects(1);
  assert.equal((await runClient({ ...workspace, port: server.port })).code, 0);
  await server.waitForDisconnects(2);
  server.interrupt();
  const { stderr } = await server.ended();
  assert.equal(stderr.match(/ {2}client_connected {2}/g)!.length, 2);
  assert.match(stderr, / {2}server_stopped {2}clients=2 {2}files=1 {2}bytes=10 {2}probes=4$/m);
});

/** Connects twice to a server that accepts one client per address. */
async function beRefused(server: ServerProgram): Promise<void> {
  using _first = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  using _second = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await server.waitFor('"client_refused"');
}

Deno.test("server says what it leaves out, at first and when that changes", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using workspace = await Workspace.create({ "a.bin": 1, "folder/b.bin": 1 });
  const link = (name: string, target: string) => Deno.symlinkSync(target, workspace.shared(name));
  link("broken", "nothing");
  link("current", "folder");
  link("out-1", workspace.root);
  link("out-2", workspace.root);
  await using server = await startServer({ dir: workspace.dir, args: ["--log", "json"] });
  await server.waitFor('"sharing"');
  link("later", "nothing");
  await server.waitFor('"place_left_out"');
  link("fine", "a.bin");
  Deno.renameSync(workspace.shared("fine"), workspace.shared("later"));
  await server.waitFor('"place_recovered"');
  server.interrupt();
  const { code, stderr } = await server.ended();
  assert.equal(code, 0);
  const events = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
  const of = (kind: string) =>
    events.filter(({ event }) => event === kind).map(({ time: _, ...event }) => event);
  const [{ examples, ...counts }, ...more] = of("left_out");
  assert.deepEqual(more, []);
  assert.deepEqual(counts, {
    event: "left_out",
    unreadableFolders: 0,
    unreadableFiles: 0,
    unusableNames: 0,
    linksOut: 2,
    brokenLinks: 1,
    linkedFolders: 1,
  });
  assert.equal(examples.split("; ").length, 4, examples);
  assert.deepEqual(of("place_left_out"), [
    { event: "place_left_out", path: "later", reason: "broken link (ENOENT)", files: 0 },
  ]);
  assert.deepEqual(of("place_recovered"), [{ event: "place_recovered", path: "later" }]);
});
