/**
 * A {@linkcode BarsDisplay} on a terminal whose screen can be read.
 *
 * @module
 */
import type { ClientEvent } from "../../lib/client/events.ts";
import { BarsDisplay, FRAME_PERIOD } from "../../lib/display/client/bars_writer.ts";
import { SETTLING_TIME } from "../../lib/display/terminal/terminal_painter.ts";
import { FakeClock, FakeTerminal } from "./fake_terminal.ts";

/** A display on a terminal, and its clock. */
export class BarsFixture implements Disposable {
  readonly clock = new FakeClock();
  readonly terminal: FakeTerminal;
  readonly display: BarsDisplay;

  constructor(columns = 80, rows = 24, input: string | null = "input.txt") {
    this.terminal = new FakeTerminal(columns, rows);
    this.display = new BarsDisplay({
      output: this.terminal,
      size: this.terminal.size,
      clock: this.clock,
      serverCommand: "sluice-server",
      color: false,
      unicode: true,
      input,
    });
  }

  handle(...events: ClientEvent[]): void {
    for (const event of events) this.display.handle(event);
  }

  /** Lets one frame be drawn. */
  frame(): void {
    this.clock.pass(FRAME_PERIOD);
  }

  /** Lets the first frame after a change of the terminal's size be drawn. */
  settle(): void {
    this.clock.pass(SETTLING_TIME + FRAME_PERIOD);
  }

  [Symbol.dispose](): void {
    this.display.close();
    this.terminal[Symbol.dispose]();
  }
}

/** A test that reads a screen; it waits at its end for the timers of the terminal emulator. */
export function screenTest(name: string, fn: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    await fn();
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

export function path(index: number): string {
  return `photos/日本 ${index}.jpg`;
}

export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The lines of the bars, without the lines that stay above them. */
export function barLines(lines: readonly string[]): string[] {
  return lines.filter((line) => /%|queued|^\+ \d+ more|^watching/.test(line));
}
