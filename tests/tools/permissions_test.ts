import assert from "node:assert/strict";
import { fromFileUrl, join } from "@std/path";
import { UserError } from "../../lib/errors.ts";
import { writeLine } from "../../lib/cli/main.ts";
import { type CompileJob, compileProgram } from "../../tools/compile_program.ts";
import { EXIT_NO_RUNTIME, npmRuntime, OWN_RUNTIME } from "../../tools/compile_runtime.ts";
import { Program, tempFolder } from "../support/harness.ts";
import { EXECUTABLES } from "../support/program_command.ts";
import type { ProbeReport } from "../support/permission_probe.ts";

const PROBE = fromFileUrl(new URL("../support/permission_probe.ts", import.meta.url));

const ROWS = [
  {
    program: "server",
    allowed: ["read", "net", "statfs"],
    refused: ["write", "run", "env", "sys", "ffi"],
  },
  {
    program: "client",
    allowed: ["read", "write", "net", "statfs"],
    refused: ["run", "env", "sys", "ffi"],
  },
] as const;

for (const { program, allowed, refused } of ROWS) {
  Deno.test({
    name: `compileProgram gives a ${program} the permissions ${allowed.join(", ")} and no others`,
    ignore: EXECUTABLES === null,
    fn: async () => {
      await using folder = await tempFolder();
      const executable = await compileProbe(program, folder.path);
      if (executable === null) return;
      await Deno.writeTextFile(join(folder.path, "file.txt"), "to read");
      const command = { command: executable, args: [], isBare: true };
      await using probe = new Program(command, { cwd: folder.path });
      const { code, stdout, stderr } = await probe.ended();
      assert.equal(code, 0, stderr);
      const report: ProbeReport = JSON.parse(stdout);
      assert.deepEqual(report.allowed, allowed);
      assert.deepEqual(report.refused, Object.fromEntries(refused.map((it) => [it, "NotCapable"])));
      assert.equal(stderr, "", "it asked for a permission");
    },
  });
}

/** The probe as an executable with a program's permissions, or null if none can be compiled here. */
async function compileProbe(
  program: "server" | "client",
  folder: string,
): Promise<string | null> {
  const job = { program, entry: PROBE, workers: [], target: null, folder };
  try {
    return await compileWithAnyRuntime(job);
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== EXIT_NO_RUNTIME) throw error;
    writeLine(Deno.stderr, `Skipped: ${error.message}`);
    return null;
  }
}

async function compileWithAnyRuntime(job: Omit<CompileJob, "runtime">): Promise<string> {
  try {
    return await compileProgram({ ...job, runtime: OWN_RUNTIME });
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== EXIT_NO_RUNTIME) throw error;
    const report = (line: string) => writeLine(Deno.stderr, line);
    return await compileProgram({ ...job, runtime: await npmRuntime(report) });
  }
}
