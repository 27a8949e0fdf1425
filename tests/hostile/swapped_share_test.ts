import assert from "node:assert/strict";
import { join } from "@std/path";
import type { Answer, WireRequest } from "../../lib/client/remote/server_connection.ts";
import { writeLine } from "../../lib/cli/main.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import { scanFolder } from "../../lib/server/folder/folder_scan.ts";
import { BufferPool } from "../../lib/server/read/buffer_pool.ts";
import { FileOpener } from "../../lib/server/read/file_opener.ts";
import { SMALL_FILE, SmallFiles } from "../../lib/server/read/small_files.ts";
import { startServer } from "../support/harness.ts";
import {
  FolderSwapper,
  OUTSIDE_LETTER,
  OUTSIDE_NAME,
  OUTSIDE_SIZE,
} from "../support/hostile/folder_swapper.ts";
import { ServerClient } from "../support/server_client.ts";
import { Workspace } from "../support/workspace.ts";

/** How long the folder is swapped, in milliseconds. */
const DURATION_MS = 4_000;
/** How many files are requested together. */
const TOGETHER = 40;

Deno.test("A folder that is swapped for a link shows nothing of what is outside", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using workspace = await Workspace.create({ "calm.bin": 1_000 });
  await using swapper = await FolderSwapper.start(workspace.dir, join(workspace.root, "outside"));
  if (!swapper) {
    writeLine(Deno.stderr, "Skipped: two names cannot be swapped in one step here");
    return;
  }
  await using server = await startServer(workspace);
  using client = await ServerClient.connect(server.port);
  const seen = new Sightings();
  const until = performance.now() + DURATION_MS;
  while (performance.now() < until) {
    const files = [...client.connection.files.values()];
    for (const file of files) seen.addFile(file);
    for (let at = 0; at < files.length; at += TOGETHER) {
      const requests = files.slice(at, at + TOGETHER).flatMap(requestsFor);
      const answers = await Promise.allSettled(client.ask(...requests).map(isOutside));
      for (const answer of answers) seen.addAnswer(answer);
    }
  }
  assert.deepEqual(seen.outside, new Map());
});

Deno.test("A file outside is not read through a swapped folder even if it is listed", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using workspace = await Workspace.create();
  const outside = join(workspace.root, "outside");
  await using swapper = await FolderSwapper.start(workspace.dir, outside);
  if (!swapper) {
    writeLine(Deno.stderr, "Skipped: two names cannot be swapped in one step here");
    return;
  }
  const folder = { root: await Deno.realPath(workspace.dir), hidden: false };
  const files = [...scanFolder({ ...folder, root: await Deno.realPath(outside) }, [""])]
    .map((file) => ({ ...file, path: `sub/${file.path}` }));
  await using opener = new FileOpener(folder, () => {});
  const pool = new BufferPool(16 * 1024 * 1024);
  using small = new SmallFiles(folder, pool, { known: () => undefined, store: () => {} });
  const until = performance.now() + DURATION_MS;
  for (let round = 0; performance.now() < until; round++) {
    const file = files[round % files.length]!;
    const piece = { requestId: 1, file, offset: 0, length: file.size, digest: false };
    const endpoint = { ip: new Uint8Array(16), port: 0 };
    const [lease, path, batch] = await Promise.all([
      opener.lease(file).catch(() => null),
      opener.realFile(file).then(({ path }) => path).catch(() => null),
      file.size < SMALL_FILE
        ? small.read([piece], { server: endpoint, client: endpoint }, false)
        : null,
    ]);
    // A twin inside has the same size and time, and so the same version.
    const isTwin = file.size !== OUTSIDE_SIZE && !file.path.endsWith(OUTSIDE_NAME);
    if (!isTwin) assert.deepEqual([lease, path, batch], [null, null, null], file.path);
    if (path !== null) assert.ok(path.startsWith(folder.root), path);
    if (lease) {
      const start = new Uint8Array(RUN.length);
      await lease.handle.read(start, 0, start.length, 0);
      assert.ok(!showsOutside(start), file.path);
      lease.release();
    }
    if (batch) {
      assert.ok(!batch.parts.some(showsOutside), file.path);
      batch[Symbol.dispose]();
    }
  }
});

/** A part of every file outside. */
const RUN = OUTSIDE_LETTER.repeat(8);

function showsOutside(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(RUN);
}

/** What a client has seen. */
class Sightings {
  /** How often something of the outside was seen, by its kind. */
  readonly outside = new Map<string, number>();

  addFile({ path, size }: ListedFile): void {
    if (path.endsWith(OUTSIDE_NAME)) this.#add("name");
    if (size === OUTSIDE_SIZE) this.#add("size");
  }

  addAnswer(answer: PromiseSettledResult<boolean>): void {
    if (answer.status === "fulfilled" && answer.value) this.#add("bytes");
  }

  #add(kind: string): void {
    this.outside.set(kind, (this.outside.get(kind) ?? 0) + 1);
  }
}

/** Requests for a file whole and in part, which are read in different ways, and for its digest. */
function requestsFor({ path, version, size }: ListedFile): WireRequest[] {
  if (!path.startsWith("sub/") && path !== "link.bin") return [];
  const file = { path, version };
  return [
    { type: "get", ...file, offset: 0, length: size, digest: false },
    { type: "get", ...file, offset: 1, length: size - 1, digest: false },
    { type: "digest", ...file },
  ];
}

/** Whether an answer has content of a file outside. */
async function isOutside(asked: Promise<Answer<WireRequest>>): Promise<boolean> {
  const answer = await asked;
  return answer.type === "chunk" && answer.bytes.includes(OUTSIDE_LETTER.charCodeAt(0));
}
