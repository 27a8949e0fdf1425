/**
 * Explains what a download would do, from the input list, the server's list and the disk.
 *
 * The explain room is the model of `--explain`. Its parts: this file (gathers the input; reads the
 * disk, changes nothing) and `explanation.ts` (from input to explanation, pure). The command line
 * and the display import it; it imports the rooms `engine` (for `decide`), `input` and `disk`.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import type { Platform } from "../../platform.ts";
import { explainFiles, explainLines, type Explanation } from "./explanation.ts";
import { parseInputList } from "../input/input_list.ts";
import { matcherOfEntries } from "../input/name_meaning.ts";
import { findLeftovers } from "../disk/leftovers.ts";
import { limiter } from "../../async/limiter.ts";
import { inspect, type LocalState } from "../disk/local_state.ts";
import type { OutputFolder } from "../disk/output_folder.ts";
import { makePlan } from "../input/plan.ts";

/** The most files that are inspected at once. */
const MAX_CONCURRENT_INSPECTIONS = 32;

/** The input of an explanation. */
export interface ExplainOptions {
  /** The whole input list. */
  readonly input: Uint8Array;
  /** The server's list, by path; null if the server cannot be reached. */
  readonly files: ReadonlyMap<string, ListedFile> | null;
  readonly output: OutputFolder;
  /** Whether files would be compared with the server's digests. */
  readonly verify: boolean;
  /** Whether the server can be asked for the digest of a part of a file. */
  readonly canTry: boolean;
  /** Whether files in the output folder that are not Sluice's would stay. */
  readonly keepExisting: boolean;
  readonly platform: Platform;
  /** Aborts the explanation. */
  readonly signal: AbortSignal;
}

/**
 * Explains what a download would do now.
 *
 * @throws {DOMException} If it is aborted.
 */
export async function explain(options: ExplainOptions): Promise<Explanation> {
  const { input, files, output, platform, signal } = options;
  const { entries } = parseInputList(input);
  const leftovers = await findLeftovers(output, matcherOfEntries(entries));
  if (files === null) return { lines: explainLines(input, null), files: null, leftovers };
  const plan = makePlan(entries, files, platform, { foldsNames: output.foldsNames });
  const states = new Map<string, LocalState>();
  const limit = limiter(MAX_CONCURRENT_INSPECTIONS);
  await Promise.all(
    plan.files.values().map(({ file }) =>
      limit(async () => {
        signal.throwIfAborted();
        states.set(file.path, await inspect(file, output));
      })
    ),
  );
  return {
    lines: explainLines(input, { files, plan }),
    files: explainFiles(plan, states, options),
    leftovers,
  };
}
