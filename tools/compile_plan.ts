/**
 * The executables of `deno task compile`, and the commands that make them. Pure.
 *
 * @module
 */
import type { Platform } from "../lib/platform.ts";
import { programFlags, type ProgramName } from "./programs.ts";

/** The programs that become executables. */
export const PROGRAMS: readonly ProgramName[] = ["server", "client"];

/** The systems that Deno makes executables for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

/** One of the systems that Deno makes executables for. */
export type Target = typeof TARGETS[number];

/**
 * The entry files of the Workers, relative to the repository. A Worker's bundle lies beside the
 * bundle that starts it, under its own name.
 */
export const WORKERS: readonly string[] = [
  "lib/client/disk/disk_worker.ts",
  "lib/digest/digest_worker.ts",
  "lib/server/folder/folder_scan_worker.ts",
  "lib/server/folder/folder_watcher_worker.ts",
  "lib/server/read/small_files_worker.ts",
];

/**
 * The file name of an executable.
 *
 * @param program The program.
 * @param target The system that it is for, or null for this machine's.
 * @param platform This machine's platform.
 */
export function executableName(
  program: ProgramName,
  target: Target | null,
  platform: Platform,
): string {
  const isWindows = target === null ? platform === "windows" : target.includes("windows");
  const name = target === null ? `sluice-${program}` : `sluice-${program}-${target}`;
  return isWindows ? `${name}.exe` : name;
}

/**
 * The arguments of Deno that bundle an entry file and its imports into one file.
 *
 * @param entry Path of the entry file.
 * @param output Path of the bundle.
 * @param config Path of `deno.json`.
 */
export function bundleArgs(entry: string, output: string, config: string): string[] {
  return ["bundle", "--quiet", "--config", config, "--platform", "deno", "--output", output, entry];
}

/** An executable to compile. */
export interface CompileOptions {
  /** The program whose permissions it gets. */
  readonly program: ProgramName;
  /** Path of its bundle. */
  readonly bundle: string;
  /** Paths of its Workers' bundles. */
  readonly workers: readonly string[];
  /** Path of the executable. */
  readonly output: string;
  /** The system that it is for, or null for this machine's. */
  readonly target: Target | null;
}

/**
 * The arguments of Deno that make an executable of a bundle, with the permissions of a program's
 * task and no others.
 */
export function compileArgs(
  { program, bundle, workers, output, target }: CompileOptions,
): string[] {
  return [
    "compile",
    "--quiet",
    // A bundle needs no configuration, lock file or type check.
    "--no-config",
    "--no-lock",
    "--no-check",
    // The code cache does not speed up the start, and stays behind in the temporary folder.
    "--no-code-cache",
    ...programFlags(program),
    // Without it, modules from some hosts may be imported.
    "--deny-import",
    ...workers.flatMap((worker) => ["--include", worker]),
    ...(target === null ? [] : ["--target", target]),
    "--output",
    output,
    bundle,
  ];
}

/** Whether Deno failed because it has no runtime part for executables. */
export function lacksRuntime(stderr: string): boolean {
  return /Setting up base binary|Could not find denort/i.test(stderr);
}

/** Lines of Deno and npm that name no cause. */
const NO_CAUSE =
  /^(Writing |Setting up base binary|Caused by:|code |syscall |errno |path )|^npm (warn|notice) /;

/** The first cause that Deno's or npm's error output names, as one line. */
export function causeIn(complaint: string): string {
  const lines = complaint.split("\n").map((line) =>
    line.trim().replace(/^(npm )?error:? |^\d+: /, "")
  );
  return lines.find((line) => line !== "" && !NO_CAUSE.test(line)) ?? "it printed no reason";
}

/** The bytes of an ELF file that `elfEnd` reads. */
export const ELF_HEADER_SIZE = 64;

/**
 * The end of an ELF file's section table, in bytes: the file's end, unless something was appended.
 *
 * @param header The file's first `ELF_HEADER_SIZE` bytes.
 * @throws {SyntaxError} If it is no 64-bit little-endian ELF file.
 */
export function elfEnd(header: Uint8Array): number {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  const wide = 2;
  const littleEndian = 1;
  const isElf = header.length >= ELF_HEADER_SIZE &&
    [...magic, wide, littleEndian].every((byte, at) => header[at] === byte);
  if (!isElf) throw new SyntaxError("Not a 64-bit little-endian ELF file");
  const view = new DataView(header.buffer, header.byteOffset, ELF_HEADER_SIZE);
  const tableAt = Number(view.getBigUint64(0x28, true));
  const entrySize = view.getUint16(0x3a, true);
  const entries = view.getUint16(0x3c, true);
  return tableAt + entrySize * entries;
}

/** The text of a file for `sha256sum -c`; `digests` are by file name. */
export function sumsText(digests: ReadonlyMap<string, string>): string {
  const names = [...digests.keys()].sort();
  return names.map((name) => `${digests.get(name)}  ${name}\n`).join("");
}
