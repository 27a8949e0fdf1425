/**
 * Gathers what there is to explain, from the input list, the server's list and the disk. Changes
 * nothing.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import type { Platform } from "../../platform.ts";
import { explainFiles, explainLines, type Explanation } from "./explanation.ts";
import { parseInputList } from "../input/input_list.ts";
import { matcherOfAny } from "../input/glob.ts";
import { findLeftovers } from "../disk/leftovers.ts";
import { limiter } from "../../async/limiter.ts";
import { inspect, type LocalState } from "../disk/local_state.ts";
import type { OutputFolder } from "../disk/output_folder.ts";
import { makePlan } from "../input/plan.ts";

/** How many files are looked at once. */
const MAX_CONCURRENT_INSPECTIONS = 32;

/** What an explanation is made of. */
export interface ExplainOptions {
  /** The whole input list. */
  readonly input: Uint8Array;
  /** The server's list, by path; null if the server cannot be reached. */
  readonly files: ReadonlyMap<string, ListedFile> | null;
  readonly output: OutputFolder;
  /** Whether files would be compared with the server's digest. */
  readonly verify: boolean;
  readonly platform: Platform;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Explains what a download would do now.
 *
 * @throws {DOMException} If it is interrupted.
 */
export async function explain(options: ExplainOptions): Promise<Explanation> {
  const { input, files, output, verify, platform, signal } = options;
  const { entries } = parseInputList(input);
  const leftovers = await findLeftovers(output, matcherOfAny(entries.map(({ name }) => name)));
  if (files === null) return { lines: explainLines(input, null), files: null, leftovers };
  const plan = makePlan(entries, files, platform, { foldsNames: output.foldsNames });
  const outlooks = new Map<string, LocalState>();
  const look = limiter(MAX_CONCURRENT_INSPECTIONS);
  await Promise.all(
    plan.files.values().map(({ file }) =>
      look(async () => {
        signal.throwIfAborted();
        outlooks.set(file.path, await inspect(file, output));
      })
    ),
  );
  return {
    lines: explainLines(input, { files, plan }),
    files: explainFiles(plan, outlooks, verify),
    leftovers,
  };
}
