/**
 * An explanation of a download: the meaning of each line of the input list, and what would happen
 * to each file. Pure; `explain.ts` gathers the input.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { perPriority, PRIORITIES, type Priority } from "../priority.ts";
import { isGlob } from "../input/glob.ts";
import { type InputEntry, inputLines, parseInputList } from "../input/input_list.ts";
import { NameMeanings } from "../input/name_meaning.ts";
import type { Leftover } from "../disk/leftovers.ts";
import { decide, type Decision, DISCARD_REASONS } from "../engine/decide.ts";
import { isKept } from "../disk/final_file.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { Plan, PlannedFile } from "../input/plan.ts";
import { expectedShares } from "../priority.ts";

/** An explanation of a download. */
export interface Explanation {
  /** All lines, in order. */
  readonly lines: readonly ExplainedLine[];
  /** By the lines that decide, then by path; null if the server cannot be reached. */
  readonly files: readonly ExplainedFile[] | null;
  /** Partial files that no line names. */
  readonly leftovers: readonly Leftover[];
}

/** One line of the input list. */
export interface ExplainedLine {
  /** From 1. */
  readonly line: number;
  /** The line's text: make it printable before it is shown. */
  readonly text: string;
  readonly meaning: LineMeaning;
}

/** The meaning of a line. */
export type LineMeaning =
  | { readonly type: "blank" | "comment" }
  /** The line is ignored because of a mistake; printable. */
  | { readonly type: "mistake"; readonly message: string }
  | {
    readonly type: "entry";
    readonly entry: InputEntry;
    /** Whether it may mean several files. */
    readonly isGlob: boolean;
    /** Null if the server cannot be reached. */
    readonly found: Findings | null;
  };

/** The server's files that a line names. */
export interface Findings {
  /** The number of files that the line decides about, and their total bytes. */
  readonly files: number;
  readonly size: number;
  /** The number of files that the line matches, but other lines decide about. */
  readonly elsewhere: number;
  readonly refused: number;
  /** A hint at what may have been meant if there is no file; printable. */
  readonly hint: string | null;
}

/**
 * The fate of a file:
 * - `there`: nothing, since it looks complete; its digest is compared if there is one to compare;
 * - `compare`: its digest decides whether it is complete;
 * - `try`: the rest is fetched if the server's digest of what is there is the same, else all of it;
 * - `resume`, `restart`, `fetch`: the rest is fetched, or all of it again, or all of it;
 * - `blocked`: it fails because of an obstacle;
 * - `refused`: nothing, since its name cannot be used on this disk.
 */
export type Fate =
  | "there"
  | "compare"
  | "try"
  | "resume"
  | "restart"
  | "fetch"
  | "blocked"
  | "refused";

/** The explanation of one file. */
export interface ExplainedFile {
  readonly path: string;
  readonly line: number;
  /** Null for a refused file. */
  readonly priority: Priority | null;
  /** Bytes; null for a refused file. */
  readonly size: number | null;
  readonly fate: Fate;
  /** Its share of the bandwidth at the start, 0 to 1; null if it needs none. */
  readonly share: number | null;
  /** Bytes left from an earlier run, or to be tried. */
  readonly resumableBytes: number;
  /** Whether its digest is compared with that of the server or of the input list. */
  readonly isVerified: boolean;
  /** Whether another file has its name until it is complete. */
  readonly replaces: boolean;
  /** Why it is fetched again, blocked or refused; printable. */
  readonly reason: string | null;
}

/** Whether a file has chunks to fetch, as far as that is known beforehand. */
export function isWanted({ fate, size }: Pick<ExplainedFile, "fate" | "size">): boolean {
  return size !== null && size > 0 &&
    (fate === "compare" || fate === "try" || fate === "resume" || fate === "restart" ||
      fate === "fetch");
}

/**
 * Explains each line of an input list.
 *
 * @param bytes The whole list.
 * @param server The server's list by path, and the plan; null if the server cannot be reached.
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
    meanings.set(entry.line, { type: "entry", entry, isGlob: isSet(entry), found });
  }
  const texts = inputLines(bytes);
  const length = Math.max(texts.length, problems.at(-1)?.line ?? 0);
  return Array.from({ length }, (_, index) => {
    const text = texts[index] ?? "";
    const plain: LineMeaning = { type: text === "" ? "blank" : "comment" };
    return { line: index + 1, text, meaning: meanings.get(index + 1) ?? plain };
  });
}

function isSet({ name }: InputEntry): boolean {
  return isGlob(name) || name.endsWith("/");
}

function finderFor(
  files: ReadonlyMap<string, ListedFile>,
  plan: Plan,
): (entry: InputEntry) => Findings {
  const decided = Map.groupBy(plan.files.values(), ({ line }) => line);
  const refused = Map.groupBy(plan.refused, ({ line }) => line);
  const waiting = new Map(plan.waiting.map(({ entry, hint }) => [entry.line, hint]));
  const meanings = new NameMeanings(files);
  return (entry) => {
    const own = decided.get(entry.line) ?? [];
    const refusals = refused.get(entry.line)?.length ?? 0;
    return {
      files: own.length,
      size: own.reduce((sum, { file }) => sum + file.size, 0),
      elsewhere: meanings.of(entry.name).files.length - own.length - refusals,
      refused: refusals,
      hint: waiting.get(entry.line) ?? null,
    };
  };
}

/** The options that decide about files. */
export interface Wishes {
  /** Whether the server's digests are requested. */
  readonly verify: boolean;
  /** Whether the server can be asked for the digest of a part of a file. */
  readonly canTry: boolean;
  /** Whether files in the output folder that are not Sluice's stay. */
  readonly keepExisting: boolean;
}

/**
 * Explains each file of a plan.
 *
 * @param states The local state of each file, by path.
 */
export function explainFiles(
  plan: Plan,
  states: ReadonlyMap<string, LocalState>,
  wishes: Wishes,
): ExplainedFile[] {
  const planned = plan.files.values().toArray()
    .map((planned) => expect(planned, states.get(planned.file.path)!, wishes));
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
  { file, file: { path, size }, priority, sha256, line }: PlannedFile,
  state: LocalState,
  { verify, canTry, keepExisting }: Wishes,
): ExpectedFile {
  const isVerified = verify || sha256 !== null;
  const keeps = isKept(state.existing, file, { placed: null, keepExisting });
  const decision = decide(state, isVerified, canTry, keeps);
  const fate = fateOf(state, decision);
  return {
    path,
    line,
    priority,
    size,
    fate,
    resumableBytes: decision.type === "try" ? decision.kept.length : state.resumableBytes,
    isVerified,
    replaces: state.present !== "nothing" && fate !== "there",
    reason: decision.type === "blocked"
      ? decision.reason
      : (state.discardReason && DISCARD_REASONS[state.discardReason]),
  };
}

function fateOf(local: LocalState, decision: Decision): Fate {
  switch (decision.type) {
    case "blocked":
      return "blocked";
    case "accept":
      return "there";
    case "compare":
      return decision.looksSame ? "there" : "compare";
    case "try":
      return "try";
    case "fetch":
      if (local.resumableBytes > 0) return "resume";
      return decision.discardReason === null ? "fetch" : "restart";
  }
}

/** The totals of the files of one priority. */
export interface PriorityTotals {
  readonly priority: Priority;
  readonly files: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that have to be fetched, as far as that is known beforehand. */
  readonly lacking: number;
  /** Share of the bandwidth at the start, 0 to 1. */
  readonly share: number;
}

/** The totals of the files that are not refused, without priorities that have none. */
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
