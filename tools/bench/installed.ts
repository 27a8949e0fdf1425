/**
 * Which programs this machine has.
 *
 * @module
 */
import type { Peer } from "./peers.ts";

/** Those of some programs that are on the path. */
export async function installedPrograms(programs: Iterable<string>): Promise<Set<string>> {
  const installed = new Set<string>();
  for (const program of new Set(programs)) {
    if (await isInstalled(program)) installed.add(program);
  }
  return installed;
}

/** All programs that a peer needs. */
export function programsOf({ programs, server }: Pick<Peer, "programs" | "server">): string[] {
  return server ? [server.program, ...programs] : [...programs];
}

/** Lets servers be found, which Debian keeps where only its administrator looks. */
export function extendPath(): void {
  if (Deno.build.os === "windows") return;
  Deno.env.set("PATH", `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin`);
}

async function isInstalled(program: string): Promise<boolean> {
  const command = new Deno.Command(program, {
    // Whatever it makes of the option, it is there.
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
