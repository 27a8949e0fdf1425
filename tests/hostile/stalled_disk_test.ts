import assert from "node:assert/strict";
import { writeLine } from "../../lib/cli/main.ts";
import type { WireRequest } from "../../lib/client/remote/server_connection.ts";
import { startServer } from "../support/harness.ts";
import { STALLED_FILES, StalledDisk } from "../support/hostile/stalled_disk.ts";
import { ServerClient } from "../support/server_client.ts";
import { Workspace } from "../support/workspace.ts";

Deno.test("A disk that does not answer holds up no one who wants other files", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using workspace = await Workspace.create({ "small.bin": 1_000, "large.bin": 400_000 });
  await Deno.mkdir(workspace.shared("stalled"));
  await using disk = await StalledDisk.mount(workspace.shared("stalled"));
  if (!disk) {
    writeLine(Deno.stderr, "Skipped: this machine cannot mount a file system of a program");
    return;
  }
  await using server = await startServer(workspace);
  using waiting = await ServerClient.connect(server.port);
  const { files } = waiting.connection;
  const stalled = [...files.keys()].filter((path) => path.startsWith("stalled/"));
  assert.equal(stalled.length, STALLED_FILES);
  const held = waiting.ask(
    ...stalled.map((path) => whole(files, path)),
    digestOf(files, stalled[0]!),
  );
  const ends = Promise.allSettled(held);

  using other = await ServerClient.connect(server.port);
  const asked = ["small.bin", "large.bin"].flatMap((
    path,
  ) => [whole(files, path), digestOf(files, path)]);
  const answers = await Promise.all(other.ask(...asked));
  assert.deepEqual(answers.map(({ type }) => type), ["chunk", "digest", "chunk", "digest"]);

  server.interrupt();
  const { code, stderr } = await server.ended();
  assert.equal(code, 0, stderr);
  assert.ok((await ends).every(({ status }) => status === "rejected"));
});

type Files = ServerClient["connection"]["files"];

function whole(files: Files, path: string): WireRequest {
  const { version, size } = files.get(path)!;
  return { type: "get", path, version, offset: 0, length: size, digest: false };
}

function digestOf(files: Files, path: string): WireRequest {
  return { type: "digest", path, version: files.get(path)!.version };
}
