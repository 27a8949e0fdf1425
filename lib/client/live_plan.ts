/**
 * The plan, kept up to date with the input list and with the server's list.
 *
 * @module
 */
import { quoted } from "../text/sanitize.ts";
import type { Platform } from "../platform.ts";
import type { ListedFile } from "../protocol/payloads.ts";
import type { ClientEvent } from "./events.ts";
import { diffEntries } from "./input/input_diff.ts";
import { type InputEntry, parseInputList, writtenName } from "./input/input_list.ts";
import type { InputState } from "./input/input_watcher.ts";
import { makePlan, type Plan } from "./input/plan.ts";
import { Warnings } from "./input/warnings.ts";

/** The pause between two plans, in multiples of the time that one takes. */
const REST = 10;

/** The inputs of a plan, and its receivers. */
export interface LivePlanOptions {
  /** The input list, as `sourceName` calls it. */
  readonly input: string;
  readonly platform: Platform;
  /** Whether the output folder's file system treats names that differ in case or form as equal. */
  readonly foldsNames: boolean;
  readonly emit: (event: ClientEvent) => void;
  /** Takes each new plan, a function for the reason why a file is no longer in it, and the last plan. */
  readonly apply: (
    plan: Plan,
    reasonToDrop: (path: string) => string,
    before: Plan | undefined,
  ) => void;
  /** Called once all events about a new plan are emitted. */
  readonly onPlanned: () => void;
}

/** Makes a plan whenever one of the lists changes. */
export class LivePlan {
  readonly #options: LivePlanOptions;
  readonly #warnings: Warnings;
  #entries: readonly InputEntry[] | undefined;
  #misread = 0;
  /** The server's list; null without a connection. */
  #files: ReadonlyMap<string, ListedFile> | null = null;
  #plan: Plan | undefined;
  /** When the plan was made, and how long that took, in milliseconds. */
  #planned = { at: 0, took: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = "";

  constructor(options: LivePlanOptions) {
    this.#options = options;
    this.#warnings = new Warnings((kind, message) =>
      options.emit({ type: "warning", kind, message })
    );
  }

  /** The entries of the input list; undefined before it is read. */
  get entries(): readonly InputEntry[] | undefined {
    return this.#entries;
  }

  /** The number of lines of the input list that are not understood. */
  get misread(): number {
    return this.#misread;
  }

  /** The plan; undefined before both lists are known. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** Whether the plan includes all changes. */
  get isUpToDate(): boolean {
    return this.#plan !== undefined && this.#timer === undefined;
  }

  /** Takes a state of the input list, also that it cannot be read any more. */
  setInput(state: InputState): void {
    const { input, emit } = this.#options;
    if (state.type === "unreadable") {
      emit({
        type: "warning",
        kind: "input",
        message: `Cannot read "${input}" any more, its last text stays in effect: ${state.reason}`,
      });
      return;
    }
    const { entries: read, problems } = parseInputList(state.bytes);
    this.#misread = problems.filter(({ isMisread }) => isMisread).length;
    const before = this.#entries ?? [];
    const entries = this.#misread > 0 ? withMissing(read, before) : read;
    for (const { change, entry } of diffEntries(before, entries)) {
      const { line, priority, sha256 } = entry;
      emit({ type: "entry", change, line, name: writtenName(entry), priority, sha256 });
    }
    this.#entries = entries;
    emit({ type: "input", entries: entries.length });
    this.#warnings.update(
      "line",
      problems.map(({ line, message }) => `${input}, line ${line}: ${message}`),
    );
    this.#makePlan();
  }

  /** Takes the list of a server, which changes in place; null when the connection has ended. */
  setFiles(files: ReadonlyMap<string, ListedFile> | null): void {
    this.#files = files;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#makePlan();
  }

  /** Plans soon: the server's list has changed, which may happen many times a second. */
  filesChanged(): void {
    const { at, took } = this.#planned;
    const delay = at + REST * took - performance.now();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#makePlan();
    }, Math.max(0, delay));
  }

  #makePlan(): void {
    const files = this.#files;
    if (!this.#entries || !files) return;
    const start = performance.now();
    const { input, platform, foldsNames, emit, apply } = this.#options;
    const before = this.#plan;
    const plan = makePlan(this.#entries, files, platform, { before, foldsNames });
    this.#plan = plan;
    this.#warnings.update(
      "name",
      plan.refused.map(({ path, reason }) => `The file ${quoted(path)} is refused: ${reason}`),
    );
    const refused = new Set(plan.refused.map(({ path }) => path));
    apply(plan, (path) => {
      if (refused.has(path)) return "its name is refused now";
      return files.has(path) ? "it is not wanted any more" : "the server has it no longer";
    }, before);
    const names = plan.waiting.map(({ entry }) => entry.name);
    if (names.join("\n") !== this.#waiting) {
      this.#waiting = names.join("\n");
      emit({ type: "waiting", names });
    }
    const hints = plan.waiting.flatMap(({ entry, hint }) =>
      hint === null ? [] : [`${input}, line ${entry.line}: ${hint}`]
    );
    this.#warnings.update("hint", hints);
    const now = performance.now();
    this.#planned = { at: now, took: now - start };
    this.#options.onPlanned();
  }
}

/**
 * The entries with those that are missing since `before`: a line that is not understood may be one of
 * them, so nothing is cancelled until all lines are.
 */
function withMissing(
  entries: readonly InputEntry[],
  before: readonly InputEntry[],
): readonly InputEntry[] {
  const names = new Set(entries.map(writtenName));
  const missing = before.filter((entry) => !names.has(writtenName(entry)));
  return [...entries, ...missing].sort((a, b) => a.line - b.line);
}
