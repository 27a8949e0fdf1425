/**
 * The one decision about a file before anything of it is fetched, from its state on disk.
 * `--explain` prints it, the engine executes it. Pure.
 *
 * @module
 */
import type { KeptBytes } from "../disk/kept_bytes.ts";
import { KEPT_REASON } from "../disk/final_file.ts";
import type { LocalState } from "../disk/local_state.ts";

/** The next step for a file. */
export type Decision =
  /** It cannot be published under its name. */
  | { readonly type: "blocked"; readonly reason: string }
  /** It is complete: size and time are equal, and no digest is wanted. */
  | { readonly type: "accept" }
  /** Its digest decides whether it is complete; `looksSame` if its time is equal, too. */
  | { readonly type: "compare"; readonly looksSame: boolean }
  | TryDecision
  | FetchDecision;

/** Bytes of another version are kept if the server's digest of them is the same. */
export interface TryDecision {
  readonly type: "try";
  readonly kept: KeptBytes;
}

/** It is fetched; a partial file is resumed, or discarded for `discardReason`. */
export interface FetchDecision {
  readonly type: "fetch";
  readonly resume: boolean;
  readonly discardReason: LocalState["discardReason"];
}

/** The texts of the reasons for discarding a partial file. */
export const DISCARD_REASONS = {
  outdated: "the server has another version than the partial file",
  unreadable: "the journal of the partial file cannot be read",
} as const;

/**
 * Decides how to get a file.
 *
 * @param local Its state on disk.
 * @param digestWanted Whether its digest is compared with another one.
 * @param canTry Whether the server can be asked for the digest of a part of it.
 * @param keeps Whether a file that is not Sluice's is under its name, and stays.
 */
export function decide(
  local: LocalState,
  digestWanted: boolean,
  canTry: boolean,
  keeps = false,
): Decision {
  if (local.obstacle !== null) return { type: "blocked", reason: local.obstacle };
  if (local.present === "same" && !digestWanted) return { type: "accept" };
  if (digestWanted && (local.present === "same" || local.present === "same size")) {
    return { type: "compare", looksSame: local.present === "same" };
  }
  if (keeps) return { type: "blocked", reason: KEPT_REASON };
  return decideFetch(local, canTry);
}

/** Decides how to fetch a file that is not under its final name. */
export function decideFetch(
  { hasJournal, discardReason, kept: [kept] }: LocalState,
  canTry: boolean,
): TryDecision | FetchDecision {
  if (canTry && !hasJournal && kept) return { type: "try", kept };
  return { type: "fetch", resume: hasJournal, discardReason };
}
