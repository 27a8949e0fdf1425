/**
 * Reports each present problem once.
 *
 * @module
 */

import type { WarningKind } from "../events.ts";

/** The most warnings of one kind that are reported singly at once; further ones are counted. */
const MAX_SINGLE_WARNINGS = 100;

/** Reports problems that are new since the last update. */
export class Warnings {
  readonly #report: (kind: WarningKind, message: string) => void;
  readonly #reported = new Map<WarningKind, ReadonlySet<string>>();

  constructor(report: (kind: WarningKind, message: string) => void) {
    this.#report = report;
  }

  /** @param messages All present problems of this kind. */
  update(kind: WarningKind, messages: readonly string[]): void {
    const before = this.#reported.get(kind);
    this.#reported.set(kind, new Set(messages));
    const fresh = messages.filter((message) => !before?.has(message));
    for (const message of fresh.slice(0, MAX_SINGLE_WARNINGS)) this.#report(kind, message);
    const more = fresh.length - MAX_SINGLE_WARNINGS;
    if (more > 0) this.#report(kind, `… and ${more} more of this kind`);
  }
}
