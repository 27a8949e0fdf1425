/**
 * Which files of a list a name of `input.txt` means. Pure.
 *
 * @module
 */
import { parentOf } from "../../fs/wire_path.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { isGlob, matcherOf } from "./glob.ts";
import type { InputEntry } from "./input_list.ts";

/** The files that a name means. */
export interface NameMeaning {
  /** Whether it is the name of one file, and no folder or glob. */
  readonly isOwnName: boolean;
  readonly files: readonly ListedFile[];
}

const NOT_ASCII = /\P{ASCII}/u;

/**
 * Finds the files that names mean:
 *
 * - the file of exactly that name,
 * - otherwise all files in the folder of that name; with `/` at its end it means a folder only,
 * - otherwise all files that it matches as a glob,
 * - otherwise the only file whose name differs in Unicode form alone (NFC, NFD).
 */
export class NameMeanings {
  readonly #files: ReadonlyMap<string, ListedFile>;
  #folders: ReadonlySet<string> | undefined;
  #forms: Map<string, ListedFile[]> | undefined;

  /** @param files The list, by path. */
  constructor(files: ReadonlyMap<string, ListedFile>) {
    this.#files = files;
  }

  of(name: string): NameMeaning {
    const own = this.#files.get(name);
    if (own) return { isOwnName: true, files: [own] };
    if (isGlob(name) || this.folders.has(folderOf(name))) {
      const matches = setMatcherOf(name);
      const files = this.#files.values().filter(({ path }) => matches(path)).toArray();
      if (files.length > 0) return { isOwnName: false, files };
    }
    const similar = this.#sameForm(name);
    return { isOwnName: similar.length === 1, files: similar.length === 1 ? similar : [] };
  }

  /** Whether a name means any file. */
  has(name: string): boolean {
    return this.of(name).files.length > 0;
  }

  /** The folders of the list. */
  get folders(): ReadonlySet<string> {
    this.#folders ??= foldersOf(this.#files.keys());
    return this.#folders;
  }

  #sameForm(name: string): readonly ListedFile[] {
    if (!NOT_ASCII.test(name)) return [];
    if (!this.#forms) {
      this.#forms = new Map();
      for (const file of this.#files.values()) {
        if (!NOT_ASCII.test(file.path)) continue;
        const form = file.path.normalize("NFC");
        const same = this.#forms.get(form);
        if (same) same.push(file);
        else this.#forms.set(form, [file]);
      }
    }
    return this.#forms.get(name.normalize("NFC")) ?? [];
  }
}

/**
 * Returns a function that tests whether a list names a path; the file's existence aside. As in a
 * plan, the own name of a file decides before folders and globs, and of those the last one.
 */
export function matcherOfEntries(entries: readonly InputEntry[]): (path: string) => boolean {
  const own = new Map(entries.map(({ name, excludes }) => [name, !excludes]));
  const sets = entries.toReversed().map(({ name, excludes }) => ({
    matches: setMatcherOf(name),
    excludes,
  }));
  return (path) => {
    const decides = own.get(path);
    if (decides !== undefined) return decides;
    const set = sets.find(({ matches }) => matches(path));
    return set !== undefined && !set.excludes;
  };
}

/** Tests whether a name means a path as a folder or a glob. */
function setMatcherOf(name: string): (path: string) => boolean {
  const folder = `${folderOf(name)}/`;
  if (!isGlob(name)) return (path) => path.startsWith(folder);
  const matches = matcherOf(name.endsWith("/") ? `${name}**` : name);
  return (path) => path.startsWith(folder) || matches(path);
}

/** A name without the `/` at the end of a folder's. */
function folderOf(name: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}

function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (
      let folder = parentOf(path);
      folder !== "" && !folders.has(folder);
      folder = parentOf(folder)
    ) folders.add(folder);
  }
  return folders;
}
