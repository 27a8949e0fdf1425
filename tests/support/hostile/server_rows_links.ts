/**
 * Links and other obstacles in the output folder before the client starts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { join } from "@std/path";
import { journalHead, journalLine } from "../../../lib/client/disk/journal.ts";
import type { Workspace } from "../workspace.ts";
import { content, listed } from "./hostile_server.ts";
import type { ServerRow } from "./server_row.ts";

const EVIL = content(40_000, 3);
const FILES = { "evil.bin": EVIL };
const INSIDE = { "dir/deep/evil.bin": EVIL };

/** The path of a name in the client's work folder; makes the folder. */
async function own(workspace: Workspace, name: string): Promise<string> {
  const folder = workspace.downloaded(".sluice");
  await Deno.mkdir(folder, { recursive: true });
  return join(folder, name);
}

/** The path of a file's data or journal. */
function work(workspace: Workspace, suffix: string): Promise<string> {
  const name = createHash("sha256").update("evil.bin").digest("hex").slice(0, 32);
  return own(workspace, name + suffix);
}

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert.ok(success);
}

/** Writes a correct journal of half of the data. */
async function writeJournal(workspace: Workspace): Promise<void> {
  const half = EVIL.subarray(0, 20_000);
  const line = journalLine({ offset: 0, length: half.length, checksum: crc32(half) });
  const text = journalHead(listed("evil.bin", EVIL)) + line;
  await Deno.writeTextFile(await work(workspace, ".journal"), text);
}

/** All obstacles that exist from the start. */
export const LINKS: readonly ServerRow[] = [
  {
    name: "a link at the name, to a file outside",
    files: FILES,
    plant: (workspace, outside) => {
      return Deno.symlink(join(outside, "victim.txt"), workspace.downloaded("evil.bin"));
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at the name, to nothing",
    files: FILES,
    plant: (workspace, outside) =>
      Deno.symlink(join(outside, "new"), workspace.downloaded("evil.bin")),
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at the name, to a folder outside",
    files: FILES,
    plant: (workspace, outside) => Deno.symlink(outside, workspace.downloaded("evil.bin")),
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at a folder of the name",
    files: INSIDE,
    plant: (workspace, outside) => Deno.symlink(outside, workspace.downloaded("dir")),
    stays: ["dir"],
    code: 1,
    says: /^failed +dir\/deep\/evil\.bin .*link/m,
  },
  {
    name: "a link at a folder deeper in the name",
    files: INSIDE,
    plant: async (workspace, outside) => {
      await Deno.mkdir(workspace.downloaded("dir"));
      await Deno.symlink(outside, workspace.downloaded("dir/deep"));
    },
    stays: ["dir/deep"],
    code: 1,
    says: /^failed +dir\/deep\/evil\.bin .*link/m,
  },
  {
    name: "a link at the data",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.symlink(join(outside, "victim.txt"), await work(workspace, ".data"));
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at the journal",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.symlink(join(outside, "victim.txt"), await work(workspace, ".journal"));
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at the journal, to nothing",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.symlink(join(outside, "new"), await work(workspace, ".journal"));
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "a link at the data, which a journal lists",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.writeFile(join(outside, "half"), EVIL.subarray(0, 20_000));
      await Deno.symlink(join(outside, "half"), await work(workspace, ".data"));
      await writeJournal(workspace);
    },
    code: 1,
    says: /^failed +evil\.bin .*is a link/m,
  },
  {
    name: "a second name of a file outside at the data, which a journal lists",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.writeFile(join(outside, "half"), EVIL.subarray(0, 20_000));
      await Deno.link(join(outside, "half"), await work(workspace, ".data"));
      await writeJournal(workspace);
    },
    code: 1,
    says: /^failed +evil\.bin .*link/m,
  },
  {
    name: "a folder at the data",
    files: FILES,
    plant: async (workspace) =>
      await Deno.mkdir(join(await work(workspace, ".data"), "x"), { recursive: true }),
    code: 1,
    says: /^failed +evil\.bin /m,
  },
  {
    name: "a folder at the journal",
    files: FILES,
    plant: async (workspace) => await Deno.mkdir(await work(workspace, ".journal")),
    arrives: FILES,
    code: 0,
    says: /^refetch +evil\.bin .*journal/m,
  },
  {
    name: "a link at the work folder",
    files: FILES,
    plant: (workspace, outside) => Deno.symlink(outside, workspace.downloaded(".sluice")),
    goodArrives: false,
    code: 2,
    says: /Cannot write to the output folder .* is a link/,
    connections: 0,
  },
  {
    name: "a file at the work folder",
    files: FILES,
    plant: (workspace) => Deno.writeTextFile(workspace.downloaded(".sluice"), "here first"),
    goodArrives: false,
    code: 2,
    says: /Cannot write to the output folder/,
    connections: 0,
  },
  {
    name: "a link at the lock",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.symlink(join(outside, "victim.txt"), await own(workspace, "lock"));
    },
    goodArrives: false,
    code: 2,
    says: /lock" is a link/,
    connections: 0,
  },
  {
    name: "a link at the lock, to nothing",
    files: FILES,
    plant: async (workspace, outside) => {
      await Deno.symlink(join(outside, "new"), await own(workspace, "lock"));
    },
    goodArrives: false,
    code: 2,
    says: /lock" is a link/,
    connections: 0,
  },
  {
    name: "a named pipe at the journal",
    files: FILES,
    plant: async (workspace) => await makePipe(await work(workspace, ".journal")),
    arrives: FILES,
    code: 0,
  },
  {
    name: "a named pipe at the data, which a journal lists",
    files: FILES,
    plant: async (workspace) => {
      await writeJournal(workspace);
      await makePipe(await work(workspace, ".data"));
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "a named pipe at the lock",
    files: FILES,
    plant: async (workspace) => await makePipe(await own(workspace, "lock")),
    goodArrives: false,
    code: 2,
    says: /Cannot lock the output folder/,
    connections: 0,
  },
  {
    name: "a folder at the lock",
    files: FILES,
    plant: async (workspace) => await Deno.mkdir(await own(workspace, "lock")),
    goodArrives: false,
    code: 2,
    says: /Cannot lock the output folder/,
    connections: 0,
  },
];
