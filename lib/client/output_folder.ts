/**
 * The folder that downloads go to: where a file's data grows, and where it ends up.
 *
 * Every name passes `safe_path.ts` before it comes here. This file guards against what stands on
 * the disk already: links and other things in the way. Not guarded against: somebody who swaps
 * them in between two system calls.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { describeDenial, messageOf, UserError } from "../errors.ts";
import { quoted } from "../printable.ts";
import { OWN_FOLDER } from "../safe_path.ts";
import { mayBeHeld, replaceFile } from "./replace_file.ts";

/** A file cannot be put where it belongs. */
export class OutputError extends Error {
  override name = "OutputError";
}

/** An output folder that exists and can be written to. */
export class OutputFolder {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Opens the folder, which is created if it is missing.
   *
   * @throws {UserError} If it cannot be written to.
   */
  static async open(dir: string): Promise<OutputFolder> {
    try {
      await Deno.mkdir(dir, { recursive: true });
      const root = await Deno.realPath(dir);
      const work = join(root, OWN_FOLDER);
      makeFolder(work);
      const probe = await Deno.makeTempFile({ dir: work });
      await Deno.remove(probe);
      return new OutputFolder(root);
    } catch (error) {
      throw new UserError(
        `Cannot write to the output folder "${dir}": ${why(error)}; name another with --output`,
        2,
        { cause: error },
      );
    }
  }

  /**
   * Where the data of a file grows. Names of any length and kind become one short name.
   *
   * @param path The file's path on the server.
   * @param suffix What tells the files of one download apart.
   */
  workPath(path: string, suffix: string): string {
    const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
    return join(this.#root, OWN_FOLDER, name + suffix);
  }

  /** The file that says that a client is at work here. */
  get lockPath(): string {
    return join(this.#root, OWN_FOLDER, "lock");
  }

  /** The paths of all files that there are in the work folder. */
  async workFiles(): Promise<string[]> {
    const work = join(this.#root, OWN_FOLDER);
    const entries = lstatOrNull(work) ? await Array.fromAsync(Deno.readDir(work)) : [];
    return entries.filter((entry) => entry.isFile).map((entry) => join(work, entry.name)).sort();
  }

  /** Where a file ends up. Nothing is created, nothing checked. */
  finalPath(path: string): string {
    return join(this.#root, ...path.split("/"));
  }

  /** What is there under a file's name: its metadata, or null if it is no regular file. */
  async present(path: string): Promise<Deno.FileInfo | null> {
    try {
      const info = await Deno.lstat(this.finalPath(path));
      return info.isFile ? info : null;
    } catch {
      return null;
    }
  }

  /**
   * Makes sure that a file can be placed later, as far as that can be known now.
   *
   * @throws {OutputError} If something stands in the way.
   */
  assertPlaceable(path: string): void {
    const segments = path.split("/");
    for (let i = 1; i < segments.length; i++) {
      const folder = join(this.#root, ...segments.slice(0, i));
      if (!isFolder(folder)) return;
    }
    this.#assertNoFolder(path);
  }

  /**
   * Moves a complete file to its name, over an older copy if there is one.
   *
   * @param from Where it is, on the same file system.
   * @param path Its path on the server.
   * @throws {OutputError} If something stands in the way.
   */
  async place(from: string, path: string): Promise<void> {
    const segments = path.split("/");
    for (let i = 1; i < segments.length; i++) {
      makeFolder(join(this.#root, ...segments.slice(0, i)));
    }
    this.#assertNoFolder(path);
    try {
      await replaceFile(from, this.finalPath(path));
    } catch (error) {
      const reason = mayBeHeld(error, Deno.build.os)
        ? `another program may have ${quoted(path)} open; close it`
        : why(error);
      throw new OutputError(`it cannot be moved to its name: ${reason}`, { cause: error });
    }
  }

  #assertNoFolder(path: string): void {
    if (lstatOrNull(this.finalPath(path))?.isDirectory) {
      throw new OutputError(`a folder stands where ${quoted(path)} belongs; move it away`);
    }
  }
}

/** Makes a folder if it is missing; what stands there must be a folder, not a link to one. */
function makeFolder(folder: string): void {
  if (!isFolder(folder)) Deno.mkdirSync(folder);
}

/**
 * Whether a folder is there.
 *
 * @throws {OutputError} If something else is.
 */
function isFolder(path: string): boolean {
  const there = lstatOrNull(path);
  if (!there) return false;
  if (there.isSymlink) throw new OutputError(`${quoted(path)} is a link; remove it`);
  if (!there.isDirectory) throw new OutputError(`${quoted(path)} is not a folder; move it away`);
  return true;
}

function lstatOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function why(error: unknown): string {
  if (error instanceof Deno.errors.AlreadyExists) return "a file of that name is in the way";
  return describeDenial(error) ?? messageOf(error);
}
