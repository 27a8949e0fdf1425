/**
 * Temporary files and folders for tests: made, compared, listed, and removed afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import { dirname, join } from "@std/path";

/** The size of the pieces in which files are made and compared, in bytes. */
const PIECE = 1024 * 1024;

/** A folder that is removed when it is disposed of. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty temporary folder. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await Deno.makeTempDir({ prefix: "sluice-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Writes a file whose content depends only on size and seed; makes its folders. */
export async function writeRandom(path: string, size: number, seed: number): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const key = createHash("sha256").update(`seed ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv("aes-128-ctr", key, new Uint8Array(16));
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const zeros = new Uint8Array(PIECE);
  for (let left = size; left > 0; left -= PIECE) {
    const piece: Uint8Array = cipher.update(zeros.subarray(0, left));
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  cipher.final();
}

/** A file's SHA-256, 64 hexadecimal digits. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const piece = new Uint8Array(PIECE);
  for (;;) {
    const read = await file.read(piece);
    if (read === null) return hash.digest("hex");
    hash.update(piece.subarray(0, read));
  }
}

/** Asserts that two files have the same content. */
export async function assertSameFile(actual: string, expected: string): Promise<void> {
  const sizes = await Promise.all([Deno.stat(actual), Deno.stat(expected)]);
  assert.equal(sizes[0].size, sizes[1].size, `${actual} has another size than ${expected}`);
  const digests = await Promise.all([sha256(actual), sha256(expected)]);
  assert.equal(digests[0], digests[1], `${actual} has another content than ${expected}`);
}

/** The paths of all files under a folder, relative to it, sorted. */
export async function filesUnder(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) paths.push(prefix + name);
    else paths.push(...await filesUnder(join(folder, name), `${prefix}${name}/`));
  }
  return paths.sort();
}
