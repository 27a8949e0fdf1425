/**
 * The command `client --clean`.
 *
 * @module
 */
import { EXIT_DONE } from "../client/exit_code.ts";
import { type InputSource, sourceName } from "../client/input/given_names.ts";
import { parseInputList } from "../client/input/input_list.ts";
import { readInput } from "../client/input/input_watcher.ts";
import { matcherOfEntries } from "../client/input/name_meaning.ts";
import { findLeftovers, removeLeftovers } from "../client/disk/leftovers.ts";
import type { OutputFolder } from "../client/disk/output_folder.ts";
import { formatBytes } from "../display/terminal/units.ts";
import { UserError } from "../errors.ts";
import { writeResult } from "./main.ts";
import { quoted } from "../text/sanitize.ts";
import type { Output } from "../text/write_text.ts";

/**
 * Removes the leftovers of unfinished files that the input list does not name, and prints them.
 *
 * @returns The exit code.
 * @throws {UserError} If the input list cannot be read, or has an invalid line, which might have
 * been meant to name a file.
 */
export async function clean(
  input: InputSource,
  folder: OutputFolder,
  output: Output,
): Promise<number> {
  const { entries, problems: [problem] } = parseInputList(await readInput(input));
  if (problem) {
    throw new UserError(
      `Cannot clean: ${sourceName(input)}, line ${problem.line}: ${problem.message}`,
    );
  }
  const leftovers = await findLeftovers(folder, matcherOfEntries(entries));
  await removeLeftovers(leftovers);
  for (const { path, size } of leftovers) {
    const name = path === null ? "a file of unknown name" : quoted(path);
    writeResult(output, `removed ${formatBytes(size)} of ${name}`);
  }
  if (leftovers.length === 0) writeResult(output, "nothing to remove");
  return EXIT_DONE;
}
