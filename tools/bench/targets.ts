/**
 * Whether Sluice is where it is meant to be. Pure.
 *
 * @module
 */
import { type Metric, METRICS } from "./metrics.ts";
import { figuresOf, presentFigures, type Row, type TargetResult } from "./report.ts";
import { median, pairedRatio } from "./statistics.ts";

/** What a figure is to be. */
export type Wanted = { readonly atLeast: number } | { readonly atMost: number };

/** Another row, or the best of the peers. */
export const BEST_PEER = Symbol("best peer");

/**
 * How many times as fast as another row one is to be, as a list of no or one target: none if a row
 * is missing.
 */
export function speedTarget(
  rows: readonly Row[],
  subject: string,
  other: string | typeof BEST_PEER,
  atLeast: number,
): TargetResult[] {
  const row = rows.find(({ name }) => name === subject);
  const opponent = other === BEST_PEER ? bestPeer(rows) : rows.find(({ name }) => name === other);
  if (!row || !opponent) return [];
  const times = (of: Row) => figuresOf(of, "seconds");
  const ratio = pairedRatio(times(opponent), times(row));
  const name = other === BEST_PEER ? `the best peer, ${opponent.name}` : opponent.name;
  return target(`${subject}, times as fast as ${name}`, ratio, { atLeast });
}

/** What the median of a row's figures is to be. */
export function figureTarget(
  rows: readonly Row[],
  subject: string,
  metric: Metric,
  what: string,
  wanted: Wanted,
): TargetResult[] {
  const row = rows.find(({ name }) => name === subject);
  const figures = row ? presentFigures(row, metric) : [];
  const { write } = METRICS[metric];
  return target(what, figures.length === 0 ? null : median(figures), wanted, write);
}

/** A figure of one row, divided by one of another, round by round. */
export function ratioTarget(
  rows: readonly Row[],
  above: readonly [name: string, metric: Metric],
  below: readonly [name: string, metric: Metric],
  what: string,
  wanted: Wanted,
): TargetResult[] {
  const figures = ([wantedName, metric]: readonly [string, Metric]) => {
    const row = rows.find(({ name }) => name === wantedName);
    return row ? figuresOf(row, metric) : [];
  };
  return target(what, pairedRatio(figures(above), figures(below)), wanted);
}

/** The peer with the least median time. */
function bestPeer(rows: readonly Row[]): Row | undefined {
  let best: { row: Row; seconds: number } | undefined;
  for (const row of rows) {
    const times = presentFigures(row, "seconds");
    if (row.role !== "peer" || times.length === 0) continue;
    const seconds = median(times);
    if (!best || seconds < best.seconds) best = { row, seconds };
  }
  return best?.row;
}

function target(
  what: string,
  value: number | null,
  wanted: Wanted,
  write: (value: number) => string = (value) => value.toFixed(2),
): TargetResult[] {
  if (value === null) return [];
  const isMet = "atLeast" in wanted ? value >= wanted.atLeast : value <= wanted.atMost;
  const limit = "atLeast" in wanted
    ? `at least ${write(wanted.atLeast)}`
    : `at most ${write(wanted.atMost)}`;
  return [{ text: `${what}: ${limit}`, value: write(value), isMet }];
}
