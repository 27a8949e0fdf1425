/**
 * Incompressible files.
 *
 * @module
 */

const BLOCK = 64 * 1024;

/** Writes a file of `size` random bytes. */
export async function writeRandomFile(path: string, size: number): Promise<void> {
  using file = await Deno.create(path);
  const block = new Uint8Array(BLOCK);
  for (let left = size; left > 0; left -= block.length) {
    crypto.getRandomValues(block);
    await file.write(block.subarray(0, left));
  }
}
