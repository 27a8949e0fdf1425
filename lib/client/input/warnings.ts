/**
 * What is wrong at present, said once each.
 *
 * @module
 */

/** So many warnings of one kind are told one by one; more at once are counted. */
const MANY = 100;

/** What a warning is about. */
export type WarningKind = "input" | "names" | "hints";

/** Tells what is wrong now and was not before. */
export class Warnings {
  readonly #tell: (message: string) => void;
  readonly #said = new Map<WarningKind, ReadonlySet<string>>();

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** @param messages All that is wrong of this kind. */
  update(kind: WarningKind, messages: readonly string[]): void {
    const before = this.#said.get(kind);
    this.#said.set(kind, new Set(messages));
    const fresh = messages.filter((message) => !before?.has(message));
    for (const message of fresh.slice(0, MANY)) this.#tell(message);
    const more = fresh.length - MANY;
    if (more > 0) this.#tell(`… and ${more} more of this kind`);
  }
}
