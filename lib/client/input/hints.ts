/**
 * Guesses at names that mean no file of the server. Pure.
 *
 * @module
 */
import { foldedName } from "../../fs/safe_path.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { quoted } from "../../text/sanitize.ts";
import { PRIORITIES, priorityOf } from "../priority.ts";
import { isGlob, matcherOf } from "./glob.ts";
import type { InputEntry } from "./input_list.ts";
import type { NameMeanings } from "./name_meaning.ts";
import type { WaitingEntry } from "./plan.ts";

/** The most words that a hint removes from a name. */
const MAX_EXTRA_WORDS = 8;

/**
 * Adds hints to entries that mean no file. They are computed for new names only: in a large list
 * each takes long, and is shown once.
 *
 * @param meanings The files that names mean.
 * @param before The waiting entries of the plan before, whose hints are kept.
 */
export function withHints(
  entries: readonly InputEntry[],
  files: ReadonlyMap<string, ListedFile>,
  meanings: NameMeanings,
  before: readonly WaitingEntry[],
): readonly WaitingEntry[] {
  const known = new Map(before.map(({ entry, hint }) => [entry.name, hint]));
  const names = entries.map(({ name }) => name).filter((name) => !known.has(name));
  if (names.length > 0) {
    for (const [name, hint] of hintsFor(names, files, meanings)) {
      known.set(name, hint);
    }
  }
  return entries.map((entry) => ({ entry, hint: known.get(entry.name) ?? null }));
}

function hintsFor(
  names: readonly string[],
  files: ReadonlyMap<string, ListedFile>,
  meanings: NameMeanings,
): ReadonlyMap<string, string | null> {
  // By the rules of the most lenient file system: neither case nor Unicode form counts.
  const similar = new Map<string, string>();
  for (const folder of meanings.folders) similar.set(foldedName(folder, "darwin"), `${folder}/`);
  for (const path of files.keys()) similar.set(foldedName(path, "darwin"), path);
  const foldedPaths = () => [...similar.keys()];

  const hintFor = (name: string): string | null => {
    const missing = `the server has no ${quoted(name)}, but it has`;
    const shorter = withoutLastWords(name, meanings);
    if (shorter !== null) {
      const words = name.slice(shorter.length).trim();
      return `${missing} ${quoted(shorter)}; ${mistakeIn(words)}`;
    }
    for (const { text, advice } of corrections(name)) {
      if (meanings.has(text)) return `${missing} ${quoted(text)}; ${advice}`;
    }
    const slashed = name.replaceAll("\\", "/");
    if (slashed !== name && meanings.has(slashed)) return writeExactly(missing, slashed);
    const folded = foldedName(slashed, "darwin");
    const other = similar.get(folded);
    if (other !== undefined) return writeExactly(missing, other);
    const matched = isGlob(folded) ? foldedPaths().find(matcherOf(folded)) : undefined;
    if (matched === undefined) return null;
    return `${missing} ${quoted(similar.get(matched)!)}: capital letters matter in globs`;
  };
  return new Map(names.map((name) => [name, hintFor(name)]));
}

function writeExactly(missing: string, name: string): string {
  return `${missing} ${quoted(name)}: write it exactly so`;
}

/** Quotes that are part of a name. */
const QUOTES = /^['`‘’“”„«»](.+)['`‘’“”„«»]$/u;

/** Names that may be meant by one with a common mistake, and how to mend it. */
function* corrections(name: string): Generator<{ text: string; advice: string }> {
  const inQuotes = QUOTES.exec(name)?.[1];
  if (inQuotes !== undefined) {
    yield { text: inQuotes, advice: 'only " quotes a name, and most names need no quotes' };
  }
  const [first = "", rest = ""] = name.split(/\s+(.*)/su);
  if (rest !== "" && priorityOf(first.replace(/[:,]$/, "")) !== undefined) {
    yield { text: rest, advice: "write the priority behind the name" };
  }
  if (/[,;]$/.test(name)) {
    yield { text: name.slice(0, -1).trimEnd(), advice: "write one name a line, without a comma" };
  }
  if (name.includes("[")) {
    const advice = "in a glob, [x] is one character, and [[] is a bracket";
    yield { text: name.replaceAll("[", "[[]"), advice };
  }
}

/** A name without its last words, if that means a file of the list. */
function withoutLastWords(name: string, meanings: NameMeanings): string | null {
  let rest = name;
  for (let words = 1; words <= MAX_EXTRA_WORDS; words++) {
    const shorter = /^(.*\S)\s+\S+$/su.exec(rest)?.[1];
    if (shorter === undefined) return null;
    // A glob is tried once, since it walks the whole list.
    if ((words === 1 || !isGlob(shorter)) && meanings.has(shorter)) return shorter;
    rest = shorter;
  }
  return null;
}

/** The mistake in words that were read as the end of a name. */
function mistakeIn(words: string): string {
  if (/(?:^|\s)#/.test(words)) return "a comment needs a line of its own";
  if (priorityOf(words) !== undefined) return "write one priority, with a plain space before it";
  return `${quoted(words)} is not a priority (${PRIORITIES.join(", ")})`;
}
