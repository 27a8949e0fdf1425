/**
 * The entries that an edit of `input.txt` has changed. Pure.
 *
 * @module
 */
import type { EntryChange } from "../events.ts";
import { type InputEntry, writtenName } from "./input_list.ts";

/** One entry that differs. */
export interface ChangedEntry {
  readonly change: EntryChange;
  /** The entry as it is now; as it was, if it is gone. */
  readonly entry: InputEntry;
}

/**
 * The entries that are new or have another priority or digest, in the order of their lines now, and
 * then those that are gone, in their former order. An entry that only moved has not changed.
 */
export function diffEntries(
  before: readonly InputEntry[],
  now: readonly InputEntry[],
): ChangedEntry[] {
  const gone = new Map(before.map((entry) => [writtenName(entry), entry]));
  const changes: ChangedEntry[] = [];
  for (const entry of now) {
    const known = gone.get(writtenName(entry));
    gone.delete(writtenName(entry));
    if (!known) changes.push({ change: "added", entry });
    else if (known.priority !== entry.priority || known.sha256 !== entry.sha256) {
      changes.push({ change: "changed", entry });
    }
  }
  for (const entry of gone.values()) changes.push({ change: "removed", entry });
  return changes;
}
