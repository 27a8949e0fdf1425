/**
 * Reports each present problem once, and not more than a user can read: a server can change its
 * list, and with it the problems, without end.
 *
 * @module
 */
import { RateBound } from "../../async/rate_bound.ts";

import type { WarningKind } from "../events.ts";

/** The most warnings of one kind that are reported singly at once; further ones are counted. */
const MAX_SINGLE_WARNINGS = 100;
/** After so many, one more is reported in each interval of this length, in milliseconds. */
const INTERVAL_MS = 10_000;

interface Kind {
  readonly bound: RateBound;
  present: ReadonlySet<string>;
  /** Whether the last report said that there are more. */
  saidMore: boolean;
}

/** Reports problems that are new since the last update. */
export class Warnings {
  readonly #report: (kind: WarningKind, message: string) => void;
  readonly #now: () => number;
  readonly #kinds = new Map<WarningKind, Kind>();

  /** @param now Milliseconds, of any steady clock. */
  constructor(
    report: (kind: WarningKind, message: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#report = report;
    this.#now = now;
  }

  /** @param messages All present problems of this kind. */
  update(type: WarningKind, messages: readonly string[]): void {
    const kind = this.#kindOf(type);
    const before = kind.present;
    kind.present = new Set(messages);
    for (const message of kind.present) {
      if (before.has(message) || !kind.bound.take(this.#now())) continue;
      this.#sayMore(type, kind);
      this.#report(type, message);
      kind.saidMore = false;
    }
    if (!kind.saidMore) this.#sayMore(type, kind);
  }

  #sayMore(type: WarningKind, kind: Kind): void {
    const more = kind.bound.takeOmitted();
    if (more === 0) return;
    this.#report(type, `… and ${more} more of this kind`);
    kind.saidMore = true;
  }

  #kindOf(type: WarningKind): Kind {
    const known = this.#kinds.get(type) ?? {
      bound: new RateBound(MAX_SINGLE_WARNINGS, INTERVAL_MS),
      present: new Set<string>(),
      saidMore: false,
    };
    this.#kinds.set(type, known);
    return known;
  }
}
