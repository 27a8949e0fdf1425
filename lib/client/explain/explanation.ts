/**
 * What a download would do, as a value: what each line of the input list means, and what would
 * happen to each file. Pure; `explain.ts` gathers what goes in.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { perPriority, PRIORITIES, type Priority } from "../priority.ts";
import { isGlob, matcherOf } from "../input/glob.ts";
import { type InputEntry, inputLines, parseInputList } from "../input/input_list.ts";
import type { Leftover } from "../disk/leftovers.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { Plan, PlannedFile } from "../input/plan.ts";
import { expectedShares } from "../priority.ts";

/** What a download would do. */
export interface Explanation {
  /** All lines, in order. */
  readonly lines: readonly ExplainedLine[];
  /** By the lines that decide and then by path; null if the server is not known. */
  readonly files: readonly ExplainedFile[] | null;
  /** What is kept of files that no line names. */
  readonly leftovers: readonly Leftover[];
}

/** One line of the input list. */
export interface ExplainedLine {
  /** From 1. */
  readonly line: number;
  /** As it stands there: make it printable. */
  readonly text: string;
  readonly meaning: LineMeaning;
}

/** What a line means. */
export type LineMeaning =
  | { readonly type: "blank" | "comment" }
  /** It does not count, and why; printable. */
  | { readonly type: "mistake"; readonly message: string }
  | {
    readonly type: "entry";
    readonly entry: InputEntry;
    readonly isGlob: boolean;
    /** Null if the server is not known. */
    readonly found: Findings | null;
  };

/** What a server has of what a line names. */
export interface Findings {
  /** Files that are downloaded because of the line, and their bytes. */
  readonly files: number;
  readonly size: number;
  /** Files that it would mean, but other lines decide about. */
  readonly elsewhere: number;
  readonly refused: number;
  /** What may have been meant if there is no file; printable. */
  readonly hint: string | null;
}

/**
 * What happens to a file:
 * - `there`: nothing, since it looks complete; its digest is compared if there is one to compare;
 * - `compare`: its digest tells whether it is there;
 * - `resume`, `restart`, `fetch`: the rest comes, or all of it;
 * - `blocked`: it fails, since something is in its way;
 * - `refused`: nothing, since its name cannot be used here.
 */
export type Fate = "there" | "compare" | "resume" | "restart" | "fetch" | "blocked" | "refused";

/** One file. */
export interface ExplainedFile {
  readonly path: string;
  readonly line: number;
  /** Null of a refused file. */
  readonly priority: Priority | null;
  /** Bytes; null of a refused file. */
  readonly size: number | null;
  readonly fate: Fate;
  /** Its share of the bandwidth at first, 0 to 1; null if it asks for nothing. */
  readonly share: number | null;
  /** Bytes of it that are kept. */
  readonly resumableBytes: number;
  /** Whether its digest is compared with one of the server or of the input list. */
  readonly isVerified: boolean;
  /** Whether something else stands under its name until it is complete. */
  readonly replaces: boolean;
  /** Why it begins anew, is blocked or refused; printable. */
  readonly reason: string | null;
}

/** Whether a file has something to ask for, as far as that is known beforehand. */
export function isWanted({ fate, size }: Pick<ExplainedFile, "fate" | "size">): boolean {
  return size !== null && size > 0 &&
    (fate === "compare" || fate === "resume" || fate === "restart" || fate === "fetch");
}

/**
 * What each line of an input list means.
 *
 * @param bytes The whole list.
 * @param server The server's list by path, and what the lines make of it; null if not known.
 */
export function explainLines(
  bytes: Uint8Array,
  server: { readonly files: ReadonlyMap<string, ListedFile>; readonly plan: Plan } | null,
): ExplainedLine[] {
  const { entries, problems } = parseInputList(bytes);
  const meanings = new Map<number, LineMeaning>();
  for (const { line, message } of problems) meanings.set(line, { type: "mistake", message });
  const find = server && finderFor(server.files, server.plan);
  for (const entry of entries) {
    const found = find && find(entry);
    meanings.set(entry.line, { type: "entry", entry, isGlob: isGlob(entry.name), found });
  }
  const texts = inputLines(bytes);
  const length = Math.max(texts.length, problems.at(-1)?.line ?? 0);
  return Array.from({ length }, (_, index) => {
    const text = texts[index] ?? "";
    const plain: LineMeaning = { type: text === "" ? "blank" : "comment" };
    return { line: index + 1, text, meaning: meanings.get(index + 1) ?? plain };
  });
}

function finderFor(
  files: ReadonlyMap<string, ListedFile>,
  plan: Plan,
): (entry: InputEntry) => Findings {
  const decided = Map.groupBy(plan.files.values(), ({ line }) => line);
  const refused = Map.groupBy(plan.refused, ({ line }) => line);
  const waiting = new Map(plan.waiting.map(({ entry, hint }) => [entry.line, hint]));
  return (entry) => {
    const own = decided.get(entry.line) ?? [];
    const refusals = refused.get(entry.line)?.length ?? 0;
    return {
      files: own.length,
      size: own.reduce((sum, { file }) => sum + file.size, 0),
      elsewhere: matchesOf(entry, files) - own.length - refusals,
      refused: refusals,
      hint: waiting.get(entry.line) ?? null,
    };
  };
}

function matchesOf({ name }: InputEntry, files: ReadonlyMap<string, ListedFile>): number {
  if (files.has(name)) return 1;
  if (!isGlob(name)) return 0;
  const matches = matcherOf(name);
  let count = 0;
  for (const path of files.keys()) if (matches(path)) count++;
  return count;
}

/**
 * What would happen to each file of a plan.
 *
 * @param outlooks What there is of each file, by path.
 * @param verify Whether the server's digests are asked for.
 */
export function explainFiles(
  plan: Plan,
  outlooks: ReadonlyMap<string, LocalState>,
  verify: boolean,
): ExplainedFile[] {
  const planned = plan.files.values().toArray()
    .map((planned) => expect(planned, outlooks.get(planned.file.path)!, verify));
  const counts = perPriority(() => 0);
  for (const file of planned) if (isWanted(file)) counts[file.priority]++;
  const shares = expectedShares(counts);
  const files: ExplainedFile[] = planned.map((file) => ({
    ...file,
    share: isWanted(file) ? shares[file.priority] / counts[file.priority] : null,
  }));
  const refused: ExplainedFile[] = plan.refused.map(({ path, line, reason }) => ({
    path,
    line,
    priority: null,
    size: null,
    fate: "refused",
    share: null,
    resumableBytes: 0,
    isVerified: false,
    replaces: false,
    reason,
  }));
  return [...files, ...refused].sort((a, b) => a.line - b.line || (a.path < b.path ? -1 : 1));
}

type ExpectedFile = Omit<ExplainedFile, "share" | "priority"> & { readonly priority: Priority };

function expect(
  { file: { path, size }, priority, sha256, line }: PlannedFile,
  outlook: LocalState,
  verify: boolean,
): ExpectedFile {
  const isVerified = verify || sha256 !== null;
  const fate = fateOf(outlook, isVerified);
  return {
    path,
    line,
    priority,
    size,
    fate,
    resumableBytes: outlook.resumableBytes,
    isVerified,
    replaces: outlook.present !== "nothing" && fate !== "there",
    reason: outlook.obstacle ?? reasonToDrop(outlook.discardReason),
  };
}

function fateOf(
  { present, resumableBytes, discardReason, obstacle }: LocalState,
  isVerified: boolean,
): Fate {
  if (obstacle !== null) return "blocked";
  if (present === "same") return "there";
  if (present === "same size" && isVerified) return "compare";
  if (resumableBytes > 0) return "resume";
  return discardReason === null ? "fetch" : "restart";
}

function reasonToDrop(dropped: LocalState["discardReason"]): string | null {
  if (dropped === null) return null;
  return dropped === "outdated"
    ? "the server has another version than the partial file"
    : "the journal of the partial file cannot be read";
}

/** What the files of one priority come to. */
export interface PriorityTotals {
  readonly priority: Priority;
  readonly files: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that have to come, as far as that is known beforehand. */
  readonly lacking: number;
  /** Share of the bandwidth at first, 0 to 1. */
  readonly share: number;
}

/** Sums over the files that can be downloaded; priorities without any are left out. */
export function totalsOf(files: readonly ExplainedFile[]): PriorityTotals[] {
  const all = PRIORITIES.map((priority) => {
    const own = files.filter((file) => file.priority === priority);
    const wanted = own.filter(isWanted);
    return {
      priority,
      files: own.length,
      size: own.reduce((sum, { size }) => sum + (size ?? 0), 0),
      lacking: wanted.reduce(
        (sum, { size, resumableBytes }) => sum + (size ?? 0) - resumableBytes,
        0,
      ),
      share: wanted.reduce((sum, { share }) => sum + (share ?? 0), 0),
    };
  });
  return all.filter(({ files }) => files > 0);
}
