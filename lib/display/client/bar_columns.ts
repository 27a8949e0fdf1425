/**
 * The columns of a file's row and their widths: the narrower the terminal, the fewer columns.
 *
 * @module
 */
import { BYTES_OF_WIDTH, BYTES_WIDTH, DURATION_WIDTH, RATE_WIDTH } from "../terminal/units.ts";

/** The widths of a row's columns, one space apart; 0 leaves a column out. */
export interface BarColumns {
  /** 8 for the word, 1 for its first letter, 0 for none. */
  readonly priority: number;
  readonly name: number;
  readonly bar: number;
  readonly percent: number;
  readonly bytes: number;
  readonly rate: number;
  readonly time: number;
}

/** With less room than this for name and bar together, another column is dropped. */
const MIN_FOR_NAME_AND_BAR = 22;

/** With less room than this for a name, its percentage is dropped. */
const MIN_BESIDE_PERCENT = 6;

const MIN_BAR = 8;
const MAX_BAR = 40;

/** The room that the total row needs for its counts. */
const MIN_NAME = 16;

/** Name columns grow in steps: names vary from second to second, columns should not. */
const NAME_STEP = 8;

type Fixed = Omit<BarColumns, "name" | "bar">;

/** Stands before the bytes that a file has to repeat. */
export const REPEAT_LABEL = "repeat ";

const FULL: Fixed = {
  priority: "CRITICAL".length,
  percent: "100%".length,
  bytes: Math.max(BYTES_OF_WIDTH, REPEAT_LABEL.length + BYTES_WIDTH),
  rate: RATE_WIDTH,
  time: DURATION_WIDTH,
};

const NARROW: Fixed = { ...FULL, bytes: 0, priority: 1, rate: 0, time: 0 };

const NAME_ONLY: Fixed = { ...NARROW, priority: 0, percent: 0 };

/** From the richest to the poorest that has a bar. */
const LAYOUTS: readonly Fixed[] = [
  FULL,
  { ...FULL, bytes: 0 },
  { ...FULL, bytes: 0, priority: 1 },
  { ...FULL, bytes: 0, priority: 1, rate: 0 },
  NARROW,
];

/**
 * The columns for a terminal.
 *
 * @param columns The terminal's; at least 1.
 * @param longestName Columns of the longest name among the rows.
 */
export function columnsFor(columns: number, longestName: number): BarColumns {
  const fixed = LAYOUTS.find((layout) => roomBeside(layout, columns) >= MIN_FOR_NAME_AND_BAR);
  if (!fixed) {
    const poorest = roomBeside(NARROW, columns) >= MIN_BESIDE_PERCENT ? NARROW : NAME_ONLY;
    return { ...poorest, name: roomBeside(poorest, columns), bar: 0 };
  }
  const room = roomBeside(fixed, columns) - 1;
  const nameWidth = Math.max(MIN_NAME, Math.ceil(longestName / NAME_STEP) * NAME_STEP);
  const minBar = Math.min(MAX_BAR, Math.max(MIN_BAR, Math.floor(room * 0.4)));
  const name = Math.min(nameWidth, room - minBar);
  return { ...fixed, name, bar: Math.min(MAX_BAR, room - name) };
}

/** The columns left for name, bar, and the space between them. */
function roomBeside(layout: Fixed, columns: number): number {
  const widths = Object.values(layout).filter((width) => width > 0);
  return columns - widths.reduce((sum, width) => sum + width + 1, 0);
}
