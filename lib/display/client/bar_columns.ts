/**
 * Which columns a file's row has, and how wide each is: the narrower the terminal, the fewer.
 *
 * @module
 */
import { BYTES_OF_WIDTH, DURATION_WIDTH, RATE_WIDTH } from "../terminal/units.ts";

/** The widths of a row's columns; 0 leaves one out. There is one space between two. */
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

/** Columns that name and bar share, or a column less is shown. */
const MIN_FOR_NAME_AND_BAR = 22;

/** Columns of a name that may have its percentage beside it. */
const MIN_BESIDE_PERCENT = 6;

const MIN_BAR = 8;
const MAX_BAR = 40;

/** So much the total needs for its counts. */
const MIN_NAME = 16;

/** Names vary from second to second; columns should not. */
const NAME_STEP = 8;

type Fixed = Omit<BarColumns, "name" | "bar">;

const FULL: Fixed = {
  priority: "CRITICAL".length,
  percent: "100%".length,
  bytes: BYTES_OF_WIDTH,
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
 * @param columns Of the terminal; at least 1.
 * @param longestName Columns of the longest name that is to be shown.
 */
export function columnsFor(columns: number, longestName: number): BarColumns {
  const fixed = LAYOUTS.find((layout) => roomBeside(layout, columns) >= MIN_FOR_NAME_AND_BAR);
  if (!fixed) {
    const poorest = roomBeside(NARROW, columns) >= MIN_BESIDE_PERCENT ? NARROW : NAME_ONLY;
    return { ...poorest, name: roomBeside(poorest, columns), bar: 0 };
  }
  const room = roomBeside(fixed, columns) - 1;
  const wanted = Math.max(MIN_NAME, Math.ceil(longestName / NAME_STEP) * NAME_STEP);
  const leastBar = Math.min(MAX_BAR, Math.max(MIN_BAR, Math.floor(room * 0.4)));
  const name = Math.min(wanted, room - leastBar);
  return { ...fixed, name, bar: Math.min(MAX_BAR, room - name) };
}

/** Columns that are left for name and bar, and the space between them. */
function roomBeside(layout: Fixed, columns: number): number {
  const widths = Object.values(layout).filter((width) => width > 0);
  return columns - widths.reduce((sum, width) => sum + width + 1, 0);
}
