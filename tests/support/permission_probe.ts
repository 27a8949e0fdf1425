/**
 * A program that attempts what permissions can forbid, and prints which attempts succeeded.
 *
 * @module
 */
import { statfsSync } from "node:fs";

const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  read: () => Deno.readTextFileSync("file.txt"),
  write: () => Deno.writeTextFileSync("file.txt", "written"),
  net: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  run: () => new Deno.Command("/bin/true").outputSync(),
  env: () => Deno.env.get("HOME"),
  statfs: () => statfsSync("."),
  sys: () => Deno.hostname(),
  ffi: () => Deno.dlopen("libc.so.6", {}).close(),
};

/** The attempts that succeeded, and the errors of the others. */
export interface ProbeReport {
  readonly allowed: readonly string[];
  /** The names of the errors, by attempt. */
  readonly refused: Readonly<Record<string, string>>;
}

function probe(): ProbeReport {
  const allowed: string[] = [];
  const refused: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(ATTEMPTS)) {
    try {
      attempt();
      allowed.push(name);
    } catch (error) {
      refused[name] = (error as Error).name;
    }
  }
  return { allowed, refused };
}

if (import.meta.main) {
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(probe())));
}
