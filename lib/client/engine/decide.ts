/**
 * The one decision about a file before anything of it is fetched: what is to be done with what is
 * here. `--explain` prints it, the engine executes it. Pure.
 *
 * @module
 */
import type { LocalState } from "../disk/local_state.ts";

/** The next step for a file. */
export type Decision =
  /** Nothing can be put under its name. */
  | { readonly type: "blocked"; readonly reason: string }
  /** It is here: size and time are equal, and no digest is wanted. */
  | { readonly type: "accept" }
  /** Its digest tells whether it is here; `looksSame` if its time says so, too. */
  | { readonly type: "compare"; readonly looksSame: boolean }
  | FetchDecision;

/** It is fetched; an earlier download is taken up, or given up for `discardReason`. */
export interface FetchDecision {
  readonly type: "fetch";
  readonly resume: boolean;
  readonly discardReason: LocalState["discardReason"];
}

/** Why an earlier download is given up, in words. */
export const DISCARD_REASONS = {
  outdated: "the server has another version than the partial file",
  unreadable: "the journal of the partial file cannot be read",
} as const;

/**
 * Decides what a file needs.
 *
 * @param local What is here of it.
 * @param digestWanted Whether its digest is compared with another one.
 */
export function decide(local: LocalState, digestWanted: boolean): Decision {
  if (local.obstacle !== null) return { type: "blocked", reason: local.obstacle };
  if (local.present === "same" && !digestWanted) return { type: "accept" };
  if (digestWanted && (local.present === "same" || local.present === "same size")) {
    return { type: "compare", looksSame: local.present === "same" };
  }
  return decideFetch(local);
}

/** Decides how to fetch a file that is not here under its final name. */
export function decideFetch({ hasJournal, discardReason }: LocalState): FetchDecision {
  return { type: "fetch", resume: hasJournal, discardReason };
}
