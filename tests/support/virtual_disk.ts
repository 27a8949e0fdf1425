/**
 * A virtual disk for the engine: it performs actions as `Storage` does, in order for each path, and
 * tracks ranges of bytes in place of the bytes.
 *
 * Content is not real: a byte is right or wrong, and a digest is a text that names its content.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Range, Ranges } from "../../lib/client/disk/byte_ranges.ts";
import {
  type FinalFile as ExistingFile,
  isForeign,
  type Keeping,
  KEPT_REASON,
} from "../../lib/client/disk/final_file.ts";
import { OutputError } from "../../lib/errors.ts";
import type { KeptBytes } from "../../lib/client/disk/kept_bytes.ts";
import type { LocalState } from "../../lib/client/disk/local_state.ts";
import type { DiskAction, DiskResult } from "../../lib/client/engine/actions.ts";
import type { FileRecord } from "../../lib/client/engine/file_record.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";

/** The first byte of a chunk with wrong content. */
export const WRONG = 1;

/** A version, whose name says what it has in common with others. */
type Version = Pick<ListedFile, "path" | "version">;

/** Returns the digest of a version of a file; `v1'` is `v1` with another time. */
export function digestOf({ path, version }: Version): string {
  return `digest of ${path} in ${version.replace(/'+$/, "")}`;
}

/** Returns the digest of a version's first bytes; all versions that begin with `log` begin alike. */
export function prefixDigestOf({ path, version }: Version, length: number): string {
  return `digest of the first ${length} of ${path} in ${beginningOf(version)}`;
}

function beginningOf(version: string): string {
  return version.startsWith("log") ? "log" : version.replace(/'+$/, "");
}

/** The modification time of a version, `v1` for example, in milliseconds. */
export function timeOf(version: string): number {
  const touches = version.length - version.replace(/'+$/, "").length;
  return 1_000_000 * Number(/\d+/.exec(version)?.[0] ?? 0) + 10_000 * touches;
}

/** A file under its final name. */
export interface FinalFile {
  readonly size: number;
  readonly digest: string;
  /** The version that has the same modification time; null if there is none. */
  readonly version: string | null;
}

/** The data of a file that is not published yet. */
export interface PartialData {
  readonly version: string;
  readonly size: number;
  readonly written: Ranges;
  /** Ranges that were received wrong, which only the digest shows. */
  readonly wrong: Ranges;
  /** Ranges that were damaged after the write, which the journal shows. */
  readonly damaged: Ranges;
  /** Whether it has a journal, and so outlives its release. */
  isJournaled: boolean;
}

/** Data of an earlier download, with its journal. */
export function partialOf(file: ListedFile, ...written: Range[]): PartialData {
  return {
    version: file.version,
    size: file.size,
    written: new Ranges(...written),
    wrong: new Ranges(),
    damaged: new Ranges(),
    isJournaled: true,
  };
}

/** Performs the actions of each path in order, one for each step. */
export class VirtualDisk {
  readonly finals = new Map<string, FinalFile>();
  readonly partials = new Map<string, PartialData>();
  /** Why nothing can be put under a name. */
  readonly obstacles = new Map<string, string>();
  /** Whether an action fails. */
  fails: (action: DiskAction) => boolean = () => false;
  readonly #open = new Set<FileRecord>();
  readonly #sealed = new Set<FileRecord>();
  readonly #broken = new Set<FileRecord>();
  readonly #waiting = new Map<string, DiskAction[]>();

  /** Queues an action. */
  submit(action: DiskAction): void {
    const { path } = action.record.file;
    const line = this.#waiting.get(path);
    if (line) line.push(action);
    else this.#waiting.set(path, [action]);
  }

  /** The number of open files. */
  get open(): number {
    return this.#open.size;
  }

  /** Whether actions wait for a path. */
  isBusy(path: string): boolean {
    return this.#waiting.has(path);
  }

  /** The paths with waiting actions, and the first action of each. */
  get waiting(): [path: string, first: DiskAction][] {
    return Array.from(this.#waiting, ([path, actions]) => [path, actions[0]!]);
  }

  /** Performs the first waiting action of a path; returns its result, if it has one. */
  step(path: string): DiskResult | null {
    const line = this.#waiting.get(path);
    const action = line?.shift();
    if (!action) return null;
    if (line!.length === 0) this.#waiting.delete(path);
    const { record } = action;
    // Later actions of the file are not performed, except that an open file is always closed.
    if (this.#broken.has(record) && action.type !== "release") return null;
    if (this.fails(action)) {
      this.#broken.add(record);
      if (action.type === "release") this.#close(record);
      return { type: "failed", record, error: new Error(`The disk refused to ${action.type}`) };
    }
    return this.#perform(action);
  }

  /** Damages bytes that were written. */
  damage(path: string, range: Range): void {
    const { written, damaged } = this.partials.get(path)!;
    for (const { start, end } of written) {
      damaged.add({ start: Math.max(start, range.start), end: Math.min(end, range.end) });
    }
  }

  #perform(action: DiskAction): DiskResult | null {
    const { record, record: { file, file: { path } } } = action;
    switch (action.type) {
      case "inspect":
        return { type: "inspected", record, local: this.#inspect(file) };
      case "hash":
        return { type: "hashed", record, digest: this.finals.get(path)?.digest ?? null };
      case "try":
        return { type: "tried", record, ...this.#tried(file, action.source) };
      case "adopt":
        return this.#adopt(action);
      case "open":
        return this.#prove(record);
      case "write":
        return this.#write(action);
      case "seal":
        return this.#seal(record, action.hash);
      case "commit":
        return this.#commit(record, action.keeping);
      case "discard":
        this.partials.delete(path);
        this.#close(record);
        return { type: "discarded", record };
      case "release":
        return { type: "released", record, resumable: this.#release(record) };
    }
  }

  #inspect({ path, size, version }: ListedFile): LocalState {
    const obstacle = this.obstacles.get(path) ?? null;
    const kept = this.#kept(path);
    const isOther = kept !== undefined && kept.version !== version;
    return {
      present: obstacle === null ? this.#present(path, size, version) : "nothing",
      existing: obstacle === null ? this.#existing(path) : null,
      hasJournal: kept !== undefined && !isOther,
      resumableBytes: kept && !isOther ? kept.written.size : 0,
      discardReason: isOther ? "outdated" : null,
      kept: this.#keptOf({ path, size, version }),
      obstacle,
    };
  }

  /** The bytes to try; damage is not known before they are read. */
  #keptOf({ path, size, version }: Pick<ListedFile, "path" | "size" | "version">): KeptBytes[] {
    const partial = this.#kept(path);
    const final = this.finals.get(path);
    const isOther = partial !== undefined && partial.version !== version;
    const lengths = {
      partial: isOther ? prefixOf(partial.written, size) : 0,
      final: final && this.#present(path, size, version) !== "same"
        ? Math.min(final.size, size)
        : 0,
    };
    return (["partial", "final"] as const)
      .map((source) => ({ source, length: lengths[source] }))
      .filter(({ length }) => length > 0)
      .sort((a, b) => b.length - a.length);
  }

  #tried(file: ListedFile, source: KeptBytes["source"]): { length: number; digest: string | null } {
    const { path, size } = file;
    if (source === "final") {
      const { size: there, version } = this.finals.get(path)!;
      const length = Math.min(there, size);
      return { length, digest: prefixDigestOf({ path, version: version ?? "another" }, length) };
    }
    const { written, damaged, wrong, version } = this.partials.get(path)!;
    const proven = new Ranges(...written);
    for (const range of damaged) proven.remove(range);
    const length = prefixOf(proven, size);
    if (length === 0) return { length, digest: null };
    const isWrong = (wrong.first ?? Infinity) < length;
    return {
      length,
      digest: prefixDigestOf({ path, version: isWrong ? "wrong" : version }, length),
    };
  }

  #adopt({ record, kept: { source, length } }: DiskAction & { type: "adopt" }): DiskResult {
    const { file, file: { path, size, version } } = record;
    const there = source === "final" ? this.finals.get(path) : this.partials.get(path);
    const digest = (version: string) => prefixDigestOf({ path, version }, length);
    assert.equal(digest(there!.version!), digest(version), `Other bytes of ${path} are adopted`);
    this.partials.set(path, partialOf(file, { start: 0, end: length }));
    this.#open.add(record);
    const lacking = length < size ? [{ start: length, end: size }] : [];
    return { type: "opened", record, lacking, damaged: 0, discardReason: null };
  }

  #present(path: string, size: number, version: string): LocalState["present"] {
    const there = this.finals.get(path);
    if (!there) return "nothing";
    if (there.size !== size) return "other";
    return there.version === version ? "same" : "same size";
  }

  /** Each version has a time of its own, and so has a file of no version. */
  #existing(path: string): ExistingFile | null {
    const there = this.finals.get(path);
    if (!there) return null;
    return { size: there.size, modified: there.version === null ? -5_000 : timeOf(there.version) };
  }

  #prove(record: FileRecord): DiskResult {
    const { file, file: { path, size, version } } = record;
    const kept = this.#kept(path);
    const isOther = kept !== undefined && kept.version !== version;
    if (!kept || isOther) {
      this.partials.set(path, { ...partialOf(file), isJournaled: false });
    }
    this.#open.add(record);
    this.#sealed.delete(record);
    const { written, damaged } = this.partials.get(path)!;
    const damage = damaged.size;
    for (const range of damaged) written.remove(range);
    for (const range of [...damaged]) damaged.remove(range);
    const lacking = new Ranges({ start: 0, end: size });
    for (const range of written) lacking.remove(range);
    return {
      type: "opened",
      record,
      lacking: [...lacking],
      damaged: damage,
      discardReason: isOther ? "outdated" : null,
    };
  }

  #write({ record, offset, bytes, hash }: DiskAction & { type: "write" }): DiskResult | null {
    const { file, file: { path, size } } = record;
    if (!this.#open.has(record)) {
      const kept = this.#kept(path);
      assert.ok(!kept || kept.version !== file.version, `${path} is written over what was kept`);
      this.partials.set(path, { ...partialOf(file), isJournaled: false });
      this.#open.add(record);
    }
    const partial = this.partials.get(path)!;
    const range = { start: offset, end: offset + bytes.length };
    assert.ok(range.end <= size, `${path} is written behind its end`);
    const before = partial.written.size;
    partial.written.add(range);
    assert.equal(partial.written.size, before + bytes.length, `${path} is written twice`);
    if (bytes[0] === WRONG) partial.wrong.add(range);
    else partial.wrong.remove(range);
    if (bytes.length === size) return this.#seal(record, hash);
    partial.isJournaled = true;
    return null;
  }

  #seal(record: FileRecord, hash: boolean): DiskResult {
    const { file, file: { path, size } } = record;
    assert.ok(this.#open.has(record), `${path} is sealed and not open`);
    assert.equal(this.partials.get(path)!.written.size, size, `${path} is sealed and has gaps`);
    this.#sealed.add(record);
    return { type: "sealed", record, digest: hash ? this.#digest(file) : null };
  }

  #commit(record: FileRecord, keeping: Keeping): DiskResult {
    const { file, file: { path, size, version } } = record;
    assert.ok(this.#sealed.has(record), `${path} is committed and was not sealed`);
    const obstacle = this.obstacles.get(path);
    if (obstacle !== undefined) {
      this.#broken.add(record);
      return { type: "failed", record, error: new OutputError(obstacle) };
    }
    const existing = this.#existing(path);
    const replaced = isForeign(existing, file, keeping) ? existing : null;
    if (replaced && keeping.keepExisting) {
      this.#broken.add(record);
      return { type: "failed", record, error: new OutputError(KEPT_REASON) };
    }
    this.finals.set(path, { size, digest: this.#digest(file), version });
    this.partials.delete(path);
    this.#close(record);
    return { type: "committed", record, replaced };
  }

  /** Data that outlives its release. */
  #kept(path: string): PartialData | undefined {
    const partial = this.partials.get(path);
    return partial?.isJournaled ? partial : undefined;
  }

  #digest(file: ListedFile): string {
    const { wrong, damaged } = this.partials.get(file.path)!;
    const isRight = wrong.size === 0 && damaged.size === 0;
    return isRight ? digestOf(file) : `digest of something like ${file.path}`;
  }

  #release(record: FileRecord): number {
    const { path } = record.file;
    if (!this.#open.has(record)) return 0;
    this.#close(record);
    const kept = this.#kept(path);
    if (kept) return kept.written.size;
    this.partials.delete(path);
    return 0;
  }

  #close(record: FileRecord): void {
    this.#open.delete(record);
    this.#sealed.delete(record);
  }
}

/** The number of bytes of a set from 0 to `end` without a gap. */
function prefixOf(ranges: Ranges, end: number): number {
  const lacking = new Ranges({ start: 0, end });
  for (const range of ranges) lacking.remove(range);
  return lacking.first ?? end;
}
