/**
 * A shared folder, an input list and an output folder for one test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "@std/path";
import { assertSameFile, filesUnder, type TempFolder, tempFolder, writeRandom } from "./harness.ts";

/** The folders and files of one test; removed when it is disposed of. */
export class Workspace implements AsyncDisposable {
  /** The folder that holds the others. */
  readonly root: string;
  /** The folder for a server to share. */
  readonly dir: string;
  /** The path of the input list, which `setInput` writes. */
  readonly input: string;
  /** The path of the output folder; a client creates it. */
  readonly output: string;

  readonly #folder: TempFolder;

  private constructor(folder: TempFolder) {
    this.#folder = folder;
    this.root = folder.path;
    this.dir = join(folder.path, "shared");
    this.input = join(folder.path, "input.txt");
    this.output = join(folder.path, "Output");
  }

  /** Makes the shared folder, with some files of random content. */
  static async create(files: Readonly<Record<string, number>> = {}): Promise<Workspace> {
    const workspace = new Workspace(await tempFolder());
    await Deno.mkdir(workspace.dir);
    for (const [path, size] of Object.entries(files)) await workspace.share(path, size);
    return workspace;
  }

  /** The path of a shared file. */
  shared(path: string): string {
    return join(this.dir, ...path.split("/"));
  }

  /** The path of a file after its download. */
  downloaded(path: string): string {
    return join(this.output, ...path.split("/"));
  }

  /** Shares a file of random content. */
  async share(path: string, size: number, seed = size): Promise<void> {
    await writeRandom(this.shared(path), size, seed);
  }

  /** Shares a sparse file of zeros, which takes no space on the disk. */
  async shareZeros(path: string, size: number): Promise<void> {
    using file = await Deno.create(this.shared(path));
    await file.truncate(size);
  }

  /** Replaces a shared file in one step. */
  async replace(path: string, size: number, seed: number): Promise<void> {
    const fresh = join(this.root, "replacement");
    await writeRandom(fresh, size, seed);
    await Deno.mkdir(dirname(this.shared(path)), { recursive: true });
    await Deno.rename(fresh, this.shared(path));
  }

  /** Writes the input list in place. */
  async setInput(text: string): Promise<void> {
    await Deno.writeTextFile(this.input, text);
  }

  /** Appends to the input list. */
  async addLines(text: string): Promise<void> {
    await Deno.writeTextFile(this.input, text, { append: true });
  }

  /** Asserts that files have been downloaded unchanged. */
  async assertArrived(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await assertSameFile(this.downloaded(path), this.shared(path));
  }

  /** Asserts that the output folder has nothing under a file's name. */
  async assertAbsent(path: string): Promise<void> {
    await assert.rejects(Deno.lstat(this.downloaded(path)), Deno.errors.NotFound, path);
  }

  /** The size of all files in the client's work folder, in bytes. */
  async workFolderBytes(): Promise<number> {
    const work = join(this.output, ".sluice");
    const infos = await Promise.all(
      (await filesUnder(work)).map((path) => Deno.stat(join(work, path))),
    );
    return infos.reduce((sum, { size }) => sum + size, 0);
  }

  /** Asserts that the client's work folder is empty. */
  async assertNoLeftovers(): Promise<void> {
    assert.deepEqual(await filesUnder(join(this.output, ".sluice")), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder[Symbol.asyncDispose]();
  }
}
