/**
 * Compiles the executables, and writes a file of their sums beside them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { parseCommandLine, wordOption } from "../lib/cli/command_line.ts";
import { formatBytes } from "../lib/display/terminal/units.ts";
import { UserError } from "../lib/errors.ts";
import { runMain, writeLine } from "../lib/cli/main.ts";
import { PROGRAM } from "../lib/version.ts";
import {
  executableName,
  PROGRAMS,
  sumsText,
  type Target,
  TARGETS,
  WORKERS,
} from "./compile_plan.ts";
import { compileProgram } from "./compile_program.ts";
import { NPM_TARGET, npmRuntime, OWN_RUNTIME, type Runtime } from "./compile_runtime.ts";
import { programEntry, type ProgramName, REPOSITORY } from "./programs.ts";
import { runCommand } from "./run_command.ts";

const DIST = join(REPOSITORY, "dist");
const SUMS = "SHA256SUMS";

const HELP = `\
sluice compile: makes the executables dist/sluice-server and dist/sluice-client

Usage: compile [options]

  --target T    make them for another system, which ends their names; "all"
                makes them for each of the five            (default: this one)
                ${TARGETS.slice(0, 2).join(", ")},
                ${TARGETS.slice(2, 4).join(", ")},
                ${TARGETS.slice(4).join(", ")}
  --runtime R   where their runtime part comes from        (default: deno)
                deno  Deno's download site, or the file that DENORT_BIN names
                npm   an npm registry: Deno 2.4.2, for ${NPM_TARGET}
  --help        this text

Exit codes: 0 all made; 1 something failed; 2 an option is wrong; 3 the runtime
part is not available.
`;

async function main(args: readonly string[]): Promise<number> {
  const given = parseCommandLine(args, { values: ["target", "runtime"], flags: ["help"] });
  if (given.flag("help")) {
    print(HELP.trimEnd());
    return 0;
  }
  const targets = targetsOf(given.value("target"));
  const source = wordOption(given.value("runtime") ?? "deno", "runtime", ["deno", "npm"]);
  if (source === "npm") assertNpmTarget(targets);
  const runtime = source === "npm" ? await npmRuntime(print) : OWN_RUNTIME;
  await Deno.mkdir(DIST, { recursive: true });
  for (const target of targets) {
    for (const program of PROGRAMS) await make(program, target, runtime);
  }
  await writeSums();
  return 0;
}

/** The systems to compile for; null is this machine's. */
function targetsOf(option: string | undefined): readonly (Target | null)[] {
  if (option === undefined) return [null];
  const word = wordOption(option, "target", [...TARGETS, "all"]);
  if (word !== "all") return [word === Deno.build.target ? null : word];
  if (!Deno.env.has("DENORT_BIN")) return TARGETS;
  throw new UserError("Cannot compile for all systems with one DENORT_BIN: unset it");
}

function assertNpmTarget(targets: readonly (Target | null)[]): void {
  if (targets.every((target) => (target ?? Deno.build.target) === NPM_TARGET)) return;
  throw new UserError(
    `Option --runtime npm makes executables for ${NPM_TARGET} only: omit it for others`,
  );
}

async function make(program: ProgramName, target: Target | null, runtime: Runtime): Promise<void> {
  const name = executableName(program, target, Deno.build.os);
  const folder = await Deno.makeTempDir({ dir: DIST, prefix: "making-" });
  try {
    const made = await compileProgram({
      program,
      entry: programEntry(program),
      workers: WORKERS.map((worker) => join(REPOSITORY, worker)),
      target,
      runtime,
      folder,
    });
    if (target === null || target === Deno.build.target) await assertRuns(made, name);
    await Deno.rename(made, join(DIST, name));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const { size } = await Deno.stat(join(DIST, name));
  print(`dist/${name}  ${formatBytes(size)}`);
}

/** Checks that an executable runs: one with a runtime part of another version does not. */
async function assertRuns(executable: string, name: string): Promise<void> {
  const { success, stdout, stderr } = await runCommand([executable, "--version"]);
  if (success && stdout.trim() === PROGRAM) return;
  const said = (stderr || stdout).trim().split("\n")[0];
  throw new UserError(
    `Cannot run the compiled ${name}: ${said}; is DENORT_BIN of Deno ${Deno.version.deno}?`,
    1,
  );
}

/** Writes the sums of all executables in the folder, including older ones. */
async function writeSums(): Promise<void> {
  const digests = new Map<string, string>();
  for await (const { name, isFile } of Deno.readDir(DIST)) {
    if (!isFile || !name.startsWith("sluice-")) continue;
    const bytes = await Deno.readFile(join(DIST, name));
    digests.set(name, createHash("sha256").update(bytes).digest("hex"));
  }
  await Deno.writeTextFile(join(DIST, SUMS), sumsText(digests));
  print(`dist/${SUMS}`);
}

function print(line: string): void {
  writeLine(Deno.stdout, line);
}

if (import.meta.main) await runMain("compile", () => main(Deno.args));
