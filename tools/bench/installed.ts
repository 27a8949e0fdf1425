/**
 * The programs that are installed on this machine.
 *
 * @module
 */
import type { Peer } from "./peers.ts";

/** Returns the programs that are on the path. */
export async function installedPrograms(programs: Iterable<string>): Promise<Set<string>> {
  const installed = new Set<string>();
  for (const program of new Set(programs)) {
    if (await isInstalled(program)) installed.add(program);
  }
  return installed;
}

/** Returns all programs that a peer needs. */
export function programsOf({ programs, server }: Pick<Peer, "programs" | "server">): string[] {
  return server ? [server.program, ...programs] : [...programs];
}

/** Adds the folders in which Debian keeps servers, which only root has on its path. */
export function extendPath(): void {
  if (Deno.build.os === "windows") return;
  Deno.env.set("PATH", `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin`);
}

async function isInstalled(program: string): Promise<boolean> {
  const command = new Deno.Command(program, {
    // The program is installed, even if it rejects the option.
    args: ["--version"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  try {
    await command.output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
