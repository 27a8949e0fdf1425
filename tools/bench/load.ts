/**
 * Runs the load generator: many clients of one server in one process.
 *
 * @module
 */
import { join } from "@std/path";
import { REPOSITORY } from "../programs.ts";
import type { Load, LoadResult } from "./load_generator.ts";
import { runProgram } from "./processes.ts";

const SCRIPT = join(REPOSITORY, "tools", "bench", "load_generator.ts");

/** Runs clients that download and discard, and returns their times. */
export async function generateLoad(load: Load, signal: AbortSignal): Promise<LoadResult> {
  const { stdout } = await runProgram({
    program: Deno.execPath(),
    args: [
      ...["run", "--no-prompt", "--allow-net", "--config", join(REPOSITORY, "deno.json"), SCRIPT],
      ...Object.entries(load).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
  }, { signal });
  return JSON.parse(stdout);
}
