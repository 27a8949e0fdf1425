/**
 * The folder that the demo shares: the samples of this repository, and larger generated files.
 *
 * @module
 */
import { walk } from "@std/fs/walk";
import { dirname, join, relative } from "@std/path";
import { REPOSITORY } from "./programs.ts";
import { writeRandomFile } from "./random_file.ts";

const MB = 1_000_000;

/** The samples. */
export const SAMPLES = join(REPOSITORY, "files");
/** The generated files: name and megabytes. */
const GENERATED: readonly (readonly [string, number])[] = [
  ["disk-image.bin", 45],
  ["footage.bin", 18],
  ["old-backup.bin", 12],
];
/** The names of the generated files. */
export const LARGE_FILES = GENERATED.map(([name]) => name);

/**
 * Fills a folder.
 *
 * @param scale How many times as large the generated files are.
 */
export async function fillShare(share: string, scale = 1): Promise<void> {
  for await (const { path } of walk(SAMPLES, { includeDirs: false })) {
    const target = join(share, relative(SAMPLES, path));
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(path, target);
  }
  for (const [name, megabytes] of GENERATED) {
    await writeRandomFile(join(share, name), megabytes * MB * scale);
  }
}
