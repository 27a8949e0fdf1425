/**
 * What an edit of `input.txt` has changed. Pure.
 *
 * @module
 */
import type { WishChange } from "../events.ts";
import type { Wish } from "./input_list.ts";

/** One line that differs. */
export interface ChangedWish {
  readonly change: WishChange;
  /** As it is now; as it was, if it is gone. */
  readonly wish: Wish;
}

/**
 * The lines that are new, that have another priority or digest, and that are gone; in the order of
 * the lines now, and then of those that were. A line that only moved has not changed.
 */
export function wishChanges(before: readonly Wish[], now: readonly Wish[]): ChangedWish[] {
  const gone = new Map(before.map((wish) => [wish.name, wish]));
  const changes: ChangedWish[] = [];
  for (const wish of now) {
    const known = gone.get(wish.name);
    gone.delete(wish.name);
    if (!known) changes.push({ change: "added", wish });
    else if (known.priority !== wish.priority || known.sha256 !== wish.sha256) {
      changes.push({ change: "changed", wish });
    }
  }
  for (const wish of gone.values()) changes.push({ change: "removed", wish });
  return changes;
}
