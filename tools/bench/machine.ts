/**
 * The machine on which figures were measured.
 *
 * @module
 */

/** A machine, and the file system that the data is on. */
export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly processors: number;
  /** The version of Deno. */
  readonly deno: string;
  /** `tmpfs`, `ext2/ext3`, …; `unknown` if it cannot be determined. */
  readonly fileSystem: string;
}

/** Describes this machine, and the file system of a folder. */
export async function describeMachine(dir: string): Promise<Machine> {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    processors: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    fileSystem: await fileSystemOf(dir),
  };
}

async function fileSystemOf(dir: string): Promise<string> {
  if (Deno.build.os !== "linux") return "unknown";
  const stat = new Deno.Command("stat", { args: ["--file-system", "--format=%T", dir] });
  const { success, stdout } = await stat.output();
  return success ? new TextDecoder().decode(stdout).trim() : "unknown";
}
