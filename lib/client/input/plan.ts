/**
 * The plan: the entries of `input.txt` applied to the server's list. Pure.
 *
 * The input room reads and follows `input.txt` and decides which files to download. Its parts:
 * `glob.ts` (matching), `text_encoding.ts` and `input_list.ts` (bytes to entries), `input_diff.ts`
 * (changed entries), `name_meaning.ts` (names to files), `hints.ts` (names that mean none),
 * `input_watcher.ts` (the file while it is edited), `warnings.ts` (each problem reported once), and
 * this file (entries and list to files). All but the watcher are pure. The engine, the live
 * plan, `explain`, the client and the command line import it; it imports only `priority.ts`, `events.ts` and the
 * rooms that both sides share.
 *
 * A plan is made from scratch at every edit and every change of the list, so it has to be fast:
 * paths are looked up in a map, each glob walks the list once, and hints are computed only for
 * entries that match nothing.
 *
 * @module
 */
import type { Priority } from "../priority.ts";
import { withHints } from "./hints.ts";
import type { InputEntry } from "./input_list.ts";
import { NameMeanings } from "./name_meaning.ts";
import { quoted } from "../../text/sanitize.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { foldedName, refusalOf } from "../../fs/safe_path.ts";
import { parentOf } from "../../fs/wire_path.ts";
import type { Platform } from "../../platform.ts";

/** One file to download. */
export interface PlannedFile {
  readonly file: ListedFile;
  readonly priority: Priority;
  /** The digest that the file must have, as in `InputEntry`. */
  readonly sha256: string | null;
  /** The line that decides, from 1. */
  readonly line: number;
}

/** An entry that the server has no file for. */
export interface WaitingEntry {
  readonly entry: InputEntry;
  /** A guess at the intended name, to follow "line 3: "; printable. Null if there is none. */
  readonly hint: string | null;
}

/** A wanted file that cannot be written to this disk. */
export interface RefusedFile {
  /** From a peer: make it safe for a terminal before it is shown. */
  readonly path: string;
  /** A short phrase, to follow the path and a colon; printable. */
  readonly reason: string;
  /** The line that decides, from 1. */
  readonly line: number;
}

/** Which files to download, and which not. */
export interface Plan {
  /** By path; in the order of the lines that decide, those of one line in the list's order. */
  readonly files: ReadonlyMap<string, PlannedFile>;
  /** By line. */
  readonly waiting: readonly WaitingEntry[];
  /** First those with impossible names, then those that clash with others. */
  readonly refused: readonly RefusedFile[];
}

/**
 * Decides which files to download.
 *
 * - `name_meaning.ts` says which files a name means.
 * - If several entries mean a file, an entry with its own name decides its priority and digest, or
 *   that it is excluded, before any folder or glob; among those the last one decides.
 * - A glob's digest is expected of each of its files.
 * - If the file system takes several files for one, or a file and a folder have one name, the
 *   first by path is accepted and the others are refused.
 *
 * @param entries By line, as `parseInputList` gives them.
 * @param files The server's list, by path.
 * @param platform The system on which the files would be written.
 * @param before The plan before, if any: its hints are kept.
 * @param foldsNames Whether the file system ignores case or Unicode form in names.
 */
export function makePlan(
  entries: readonly InputEntry[],
  files: ReadonlyMap<string, ListedFile>,
  platform: Platform,
  { before, foldsNames = false }: { before?: Plan | undefined; foldsNames?: boolean } = {},
): Plan {
  const meanings = new NameMeanings(files);
  const { decided, unmatched } = applyEntries(entries, meanings);
  const refused: RefusedFile[] = [];
  const accepted = new Map<string, PlannedFile>();
  for (const planned of decided) {
    const { file: { path }, line } = planned;
    const reason = refusalOf(path, platform);
    if (reason === null) accepted.set(path, planned);
    else refused.push({ path, reason, line });
  }
  // Every disk of Windows folds names, by known rules.
  const rules = foldsNames && platform !== "windows" ? "darwin" : platform;
  for (const { path, reason } of findClashes(accepted, rules)) {
    const { line } = accepted.get(path)!;
    accepted.delete(path);
    refused.push({ path, reason, line });
  }
  const waiting = withHints(unmatched, files, meanings, before?.waiting ?? []);
  return { files: accepted, waiting, refused };
}

/** Whether two planned files have the same content, so that one download serves both. */
export function isSameContent(a: PlannedFile, b: PlannedFile): boolean {
  return a.file.version === b.file.version && a.file.size === b.file.size && a.sha256 === b.sha256;
}

/** The files with the entry that decides about each, and the entries that mean no file. */
function applyEntries(
  entries: readonly InputEntry[],
  meanings: NameMeanings,
): { decided: PlannedFile[]; unmatched: InputEntry[] } {
  const found = entries.map(({ name }) => meanings.of(name));
  const taken = new Set<string>();
  const groups: PlannedFile[][] = entries.map(() => []);
  const unmatched: InputEntry[] = [];
  for (const isOwnName of [true, false]) {
    // Backwards: the last entry decides.
    for (let index = entries.length - 1; index >= 0; index--) {
      const { priority, sha256, line, excludes } = entries[index]!;
      const meaning = found[index]!;
      if (meaning.isOwnName !== isOwnName) continue;
      if (meaning.files.length === 0 && !excludes) unmatched.push(entries[index]!);
      for (const file of meaning.files) {
        if (taken.has(file.path)) continue;
        taken.add(file.path);
        if (!excludes) groups[index]!.push({ file, priority, sha256, line });
      }
    }
  }
  return { decided: groups.flat(), unmatched: unmatched.reverse() };
}

/** The files that cannot be stored beside the others. */
function findClashes(
  files: ReadonlyMap<string, PlannedFile>,
  platform: Platform,
): readonly Omit<RefusedFile, "line">[] {
  const claims = new Claims(platform);
  let clash = false;
  for (const path of files.keys()) clash ||= claims.add(path) !== null;
  if (!clash) return [];
  // Sorted only if there is a clash, since sorting takes longer than everything else.
  const sorted = [...files.keys()].sort();
  const ordered = new Claims(platform);
  return sorted.flatMap((path) => {
    const reason = ordered.add(path);
    return reason === null ? [] : [{ path, reason }];
  });
}

/** The names on the disk that are files, those that are folders, and the path of each. */
class Claims {
  readonly #platform: Platform;
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Claims the names that a path needs; or claims nothing and returns why that is impossible. */
  add(path: string): string | null {
    const key = foldedName(path, this.#platform);
    const same = this.#files.get(key);
    if (same !== undefined) return `its name is the same here as ${quoted(same)}`;
    const inside = this.#folders.get(key);
    if (inside !== undefined) return `it is a folder here, for ${quoted(inside)}`;
    const folders: string[] = [];
    for (
      let folder = parentOf(key);
      folder !== "" && !this.#folders.has(folder);
      folder = parentOf(folder)
    ) {
      const file = this.#files.get(folder);
      if (file !== undefined) return `its folder is a file here, ${quoted(file)}`;
      folders.push(folder);
    }
    this.#files.set(key, path);
    for (const folder of folders) this.#folders.set(folder, path);
    return null;
  }
}
