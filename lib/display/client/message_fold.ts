/**
 * A limit on messages: thousands of files that finish within a second leave some lines and a count,
 * not thousands of lines.
 *
 * @module
 */
import type { DisplayMessage, MessageKind } from "./messages.ts";
import { formatBytes } from "../terminal/units.ts";

/** The most messages of one kind in {@linkcode FOLD_PERIOD}. */
export const FOLD_LIMIT = 20;

/** Milliseconds after which the hidden messages of a kind are counted and new ones shown. */
export const FOLD_PERIOD = 1000;

/** The nouns for hidden messages of a kind, singular and plural. */
const NOUNS: Record<MessageKind, readonly [one: string, many: string]> = {
  connection: ["change of the connection", "changes of the connection"],
  leftovers: ["kept", "kept"],
  warning: ["warning", "warnings"],
  resumed: ["file resumed", "files resumed"],
  refetching: ["file refetched", "files refetched"],
  replaced: ["file replaced", "files replaced"],
  finished: ["file finished", "files finished"],
  failed: ["file failed", "files failed"],
  dropped: ["file stopped", "files stopped"],
  entry: ["entry added", "entries added"],
  interrupted: ["interrupt", "interrupts"],
  reprioritized: ["file with another priority", "files with another priority"],
};

interface Period {
  readonly since: number;
  shown: number;
  hidden: number;
  hiddenBytes: number;
}

/** Turns messages into lines, and counts those over the limit. Times are in milliseconds. */
export class MessageFold {
  #lines: string[] = [];
  #periods = new Map<MessageKind, Period>();

  /** @param unicode Whether a line may show `…`. */
  constructor(readonly unicode: boolean) {}

  push(message: DisplayMessage, now: number): void {
    const period = this.#periodOf(message.kind, now);
    if (period.shown < FOLD_LIMIT) {
      period.shown++;
      this.#lines.push(...message.lines);
      return;
    }
    period.hidden++;
    period.hiddenBytes += message.bytes;
  }

  /**
   * The lines to show now.
   *
   * @param all Whether to end all periods now, at the end of the run.
   */
  take(now: number, all: boolean): string[] {
    for (const [kind, period] of this.#periods) {
      if (all || now - period.since >= FOLD_PERIOD) this.#end(kind, period);
    }
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #periodOf(kind: MessageKind, now: number): Period {
    const current = this.#periods.get(kind);
    if (current && now - current.since < FOLD_PERIOD) return current;
    if (current) this.#end(kind, current);
    const period = { since: now, shown: 0, hidden: 0, hiddenBytes: 0 };
    this.#periods.set(kind, period);
    return period;
  }

  #end(kind: MessageKind, { hidden, hiddenBytes }: Period): void {
    this.#periods.delete(kind);
    if (hidden === 0) return;
    const ellipsis = this.unicode ? "…" : "...";
    const bytes = hiddenBytes > 0 ? ` (${formatBytes(hiddenBytes)})` : "";
    this.#lines.push(`${ellipsis} and ${hidden} more ${NOUNS[kind][hidden === 1 ? 0 : 1]}${bytes}`);
  }
}
