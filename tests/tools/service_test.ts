import assert from "node:assert/strict";
import { join } from "@std/path";
import { parseServerCommand } from "../../lib/cli/server_options.ts";
import { writeLine } from "../../lib/cli/main.ts";
import { REPOSITORY } from "../../tools/programs.ts";
import { tempFolder } from "../support/files.ts";

const UNIT = "sluice-server.service";
const PROGRAM = "/usr/local/bin/sluice-server";

const unit = await Deno.readTextFile(join(REPOSITORY, "tools", UNIT));

/** The values of a setting in the unit, in order. */
function valuesOf(setting: string): string[] {
  return [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, "gm"))].map(([, value]) => value!);
}

Deno.test(`${UNIT} starts the server with existing options`, () => {
  const [start = ""] = valuesOf("ExecStart");
  const [program, ...args] = start.split(" ");
  assert.equal(program, PROGRAM);
  const { dir, host, port } = parseServerCommand(args);
  assert.deepEqual([dir, host, port], ["/srv/sluice", "0.0.0.0", 9009]);
});

Deno.test(`${UNIT} confines the server, and lets V8 compile`, () => {
  assert.deepEqual(valuesOf("DynamicUser"), ["yes"]);
  assert.deepEqual(valuesOf("ProtectSystem"), ["strict"]);
  assert.deepEqual(valuesOf("NoNewPrivileges"), ["yes"]);
  assert.deepEqual(valuesOf("CapabilityBoundingSet"), [""]);
  assert.deepEqual(valuesOf("MemoryDenyWriteExecute"), []);
});

Deno.test(`${UNIT} shows the server no data but the shared folder`, () => {
  assert.deepEqual(valuesOf("BindReadOnlyPaths"), ["/srv/sluice"]);
  assert.deepEqual(valuesOf("ProtectHome"), ["tmpfs"]);
  const [hidden = ""] = valuesOf("TemporaryFileSystem");
  assert.deepEqual(
    hidden.split(" "),
    ["boot", "etc", "media", "mnt", "opt", "srv", "var"].map((name) => `/${name}:ro`),
  );
});

Deno.test(`${UNIT} passes systemd-analyze verify`, async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, UNIT);
  // The unit must name an existing program.
  await Deno.writeTextFile(path, unit.replace(`=${PROGRAM} `, `=${Deno.execPath()} `));
  const command = new Deno.Command("systemd-analyze", { args: ["verify", path] });
  let output: Deno.CommandOutput;
  try {
    output = await command.output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    writeLine(Deno.stderr, "Skipped: there is no systemd-analyze");
    return;
  }
  const said = new TextDecoder().decode(output.stderr).split("\n");
  // Complaints about other units do not matter.
  assert.deepEqual(said.filter((line) => line.includes(UNIT)), []);
});
