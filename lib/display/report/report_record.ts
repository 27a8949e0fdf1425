/**
 * The record of a run for its report: files, rates over time, edits and lost connections.
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

/** An occurrence at one time of the run. */
export interface Mark {
  /** Milliseconds from the run's start. */
  readonly at: number;
  readonly kind: "edit" | "connection" | "interrupt";
  readonly text: string;
}

/** The key of a series: one file while it had one priority. */
export interface SeriesKey {
  readonly priority: Priority;
  readonly path: string;
}

/** The most files that are recorded individually. */
export const MAX_DONE = 500;

/** The most marks; an input list that is edited all day gives more. */
export const MAX_MARKS = 40;

/** The most entries named in a mark. */
const MAX_NAMED = 3;

/** Bytes are spread over at most this time before they arrived, in milliseconds. */
const MAX_STEP = 1000;

/** Collects a record from events. Times are in milliseconds. */
export class ReportRecord {
  readonly history = new RateHistory();
  readonly done: DoneFile[] = [];
  readonly marks: Mark[] = [];
  /** The number of marks over {@linkcode MAX_MARKS}. */
  moreMarks = 0;
  summary: Summary | null = null;
  server = "";
  readonly #state = new ProgressState();
  readonly #startedAt: number;
  readonly #receivedAt = new Map<string, number>();
  #edits: string[] = [];

  /** @param now When the run starts. */
  constructor(now: number) {
    this.#startedAt = now;
  }

  /** Records one event, which happened at `now`. */
  handle(event: ClientEvent, now: number): void {
    const at = now - this.#startedAt;
    this.#note(event, at);
    if (event.type === "progress") {
      for (const file of event.files) {
        const progress: ClientEvent = { type: "progress", files: [file] };
        this.#apply(progress, file.path, now);
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

  /** Applies an event, and adds the bytes that its file received by it. */
  #apply(event: ClientEvent, path: string | null, now: number): void {
    const before = path === null ? 0 : this.#state.file(path)?.fetched ?? 0;
    this.#state.apply(event, now);
    const file = path === null ? undefined : this.#state.file(path);
    if (!file) return;
    if (event.type === "started") this.#receivedAt.set(file.path, now);
    const bytes = file.fetched - before;
    if (bytes > 0) {
      const since = Math.max(this.#receivedAt.get(file.path) ?? 0, now - MAX_STEP);
      const key: SeriesKey = { priority: file.priority, path: file.path };
      const start = this.#startedAt;
      this.history.add(JSON.stringify(key), bytes, Math.max(0, since - start), now - start);
      this.#receivedAt.set(file.path, now);
    }
    if (event.type === "finished" || event.type === "failed") this.#receivedAt.delete(file.path);
  }
}
