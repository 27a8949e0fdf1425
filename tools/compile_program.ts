/**
 * Compiles one executable: bundles a program and its Workers, each into one file, and compiles them.
 *
 * @module
 */
import { basename, join } from "@std/path";
import { UserError } from "../lib/errors.ts";
import { bundleArgs, causeIn, compileArgs, lacksRuntime, type Target } from "./compile_plan.ts";
import { EXIT_NO_RUNTIME, OWN_RUNTIME, type Runtime } from "./compile_runtime.ts";
import { type ProgramName, REPOSITORY } from "./programs.ts";
import { runCommand } from "./run_command.ts";

/** The program to compile, and the tools for it. */
export interface CompileJob {
  /** The program whose permissions it gets. */
  readonly program: ProgramName;
  /** Path of the entry file. */
  readonly entry: string;
  /** Paths of the entry files of its Workers. */
  readonly workers: readonly string[];
  /** The system that it is for, or null for this machine's. */
  readonly target: Target | null;
  readonly runtime: Runtime;
  /** A folder for the bundles and the executable. */
  readonly folder: string;
}

/**
 * Compiles an executable.
 *
 * @returns Its path, in `job.folder`.
 * @throws {UserError} If that fails; with exit code 3 if the runtime part is missing.
 */
export async function compileProgram(job: CompileJob): Promise<string> {
  const { program, target, runtime, folder } = job;
  const bundle = join(folder, `${program}.js`);
  await bundleInto(job.entry, bundle);
  const workers: string[] = [];
  for (const worker of job.workers) {
    const path = join(folder, basename(worker));
    await bundleInto(worker, path);
    workers.push(path);
  }
  const output = join(folder, target?.includes("windows") ? `${program}.exe` : `${program}.out`);
  const args = compileArgs({ program, bundle, workers, output, target });
  const { success, stderr } = await runCommand([...runtime.deno, ...args], runtime.env);
  if (success) return output;
  const cause = causeIn(stderr);
  if (!lacksRuntime(stderr)) throw new UserError(`Cannot compile the ${program}: ${cause}`, 1);
  throw new UserError(
    `Cannot get the runtime part of executables (denort): ${cause}; set DENORT_BIN to the path ` +
      "of one, or use --runtime npm",
    EXIT_NO_RUNTIME,
  );
}

/** Bundles with the Deno that runs this script, not with the one that compiles. */
async function bundleInto(entry: string, output: string): Promise<void> {
  const args = bundleArgs(entry, output, join(REPOSITORY, "deno.json"));
  const { success, stderr } = await runCommand([...OWN_RUNTIME.deno, ...args]);
  if (!success) throw new UserError(`Cannot bundle ${basename(entry)}: ${causeIn(stderr)}`, 1);
  // An executable holds the times of its files: a fixed time makes equal executables of equal sources.
  await Deno.utime(output, 0, 0);
}
