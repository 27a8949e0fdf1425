/**
 * What a report tells of a run: its files, its rates over time, its edits and its losses.
 *
 * @module
 */
import type { ClientEvent, Summary } from "../../client/events.ts";
import type { Priority } from "../../client/priority.ts";
import { ProgressState } from "../state/progress.ts";
import { RateHistory } from "./rate_history.ts";

/** A file that is complete. */
export interface DoneFile {
  readonly path: string;
  readonly priority: Priority;
  readonly size: number;
  /** Milliseconds. */
  readonly took: number;
  readonly sha256: string | null;
  readonly alreadyThere: boolean;
}

/** Something at one time of the run. */
export interface Mark {
  /** Milliseconds from the run's start. */
  readonly at: number;
  readonly kind: "edit" | "connection" | "interrupt";
  readonly text: string;
}

/** What came of one file while it had one priority. */
export interface SeriesKey {
  readonly priority: Priority;
  readonly path: string;
}

/** The most files that are kept one by one. */
export const MAX_DONE = 500;

/** The most marks; a file that is edited all day has more. */
export const MAX_MARKS = 40;

/** Entries that are named in a mark. */
const MAX_NAMED = 3;

/** Bytes that come after a longer pause than this, in milliseconds, came at the end of it. */
const MAX_STEP = 1000;

/** Collects what a report tells. Times are in milliseconds. */
export class ReportRecord {
  readonly history = new RateHistory();
  readonly done: DoneFile[] = [];
  readonly marks: Mark[] = [];
  /** How many marks there were that are not kept. */
  moreMarks = 0;
  summary: Summary | null = null;
  server = "";
  readonly #state = new ProgressState();
  readonly #startedAt: number;
  readonly #movedAt = new Map<string, number>();
  #edits: string[] = [];

  /** @param now When the run starts. */
  constructor(now: number) {
    this.#startedAt = now;
  }

  /** Takes in one event, which happened at `now`. */
  handle(event: ClientEvent, now: number): void {
    const at = now - this.#startedAt;
    this.#note(event, at);
    if (event.type === "progress") {
      for (const file of event.files) {
        const move: ClientEvent = { type: "progress", files: [file] };
        this.#apply(move, file.path, now);
      }
    } else this.#apply(event, "path" in event ? event.path : null, now);
  }

  #note(event: ClientEvent, at: number): void {
    switch (event.type) {
      case "connecting":
        this.server = event.server;
        return;
      case "connected":
        if (this.#state.connection.everConnected) this.#mark(at, "connection", "connected again");
        return;
      case "disconnected":
        if (this.#state.connection.phase === "connected") {
          this.#mark(at, "connection", `lost the server: ${event.reason}`);
        }
        return;
      case "entry":
        if (this.#state.entries !== null) {
          this.#edits.push(`${event.name} ${event.change} (${event.priority})`);
        }
        return;
      case "input":
        this.#markEdits(at);
        return;
      case "interrupted":
        this.#mark(at, "interrupt", "interrupted");
        return;
      case "finished":
        this.#finish(event);
        return;
      case "summary":
        this.summary = event;
    }
  }

  #markEdits(at: number): void {
    const edits = this.#edits;
    this.#edits = [];
    if (edits.length === 0) return;
    const hidden = edits.length - MAX_NAMED;
    const more = hidden > 0 ? ` and ${hidden} more` : "";
    this.#mark(at, "edit", edits.slice(0, MAX_NAMED).join(", ") + more);
  }

  #mark(at: number, kind: Mark["kind"], text: string): void {
    if (this.marks.length < MAX_MARKS) this.marks.push({ at, kind, text });
    else this.moreMarks++;
  }

  #finish({ path, size, took, sha256, alreadyThere }: ClientEvent & { type: "finished" }): void {
    const priority = this.#state.file(path)?.priority ?? "NORMAL";
    if (this.done.length >= MAX_DONE) return;
    this.done.push({ path, priority, size, took, sha256, alreadyThere });
  }

  /** Applies an event, and adds what came of its file by it. */
  #apply(event: ClientEvent, path: string | null, now: number): void {
    const before = path === null ? 0 : this.#state.file(path)?.fetched ?? 0;
    this.#state.apply(event, now);
    const file = path === null ? undefined : this.#state.file(path);
    if (!file) return;
    if (event.type === "started") this.#movedAt.set(file.path, now);
    const bytes = file.fetched - before;
    if (bytes > 0) {
      const since = Math.max(this.#movedAt.get(file.path) ?? 0, now - MAX_STEP);
      const key: SeriesKey = { priority: file.priority, path: file.path };
      const start = this.#startedAt;
      this.history.add(JSON.stringify(key), bytes, Math.max(0, since - start), now - start);
      this.#movedAt.set(file.path, now);
    }
    if (event.type === "finished" || event.type === "failed") this.#movedAt.delete(file.path);
  }
}
