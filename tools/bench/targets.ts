/**
 * Targets for Sluice's figures. Pure.
 *
 * @module
 */
import { type Metric, METRICS } from "./metrics.ts";
import { figuresOf, presentFigures, type Row, type TargetResult } from "./report.ts";
import { median, pairedRatio } from "./statistics.ts";

/** The limit of a figure. */
export type Limit = { readonly atLeast: number } | { readonly atMost: number };

/** Another row, or the best of the peers. */
export const BEST_PEER = Symbol("best peer");

/**
 * A target for a row's speed relative to another row, as a list: empty if a row is missing.
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

/** A target for the median of a row's figures. */
export function figureTarget(
  rows: readonly Row[],
  subject: string,
  metric: Metric,
  subjectText: string,
  limit: Limit,
): TargetResult[] {
  const row = rows.find(({ name }) => name === subject);
  const figures = row ? presentFigures(row, metric) : [];
  const { write } = METRICS[metric];
  return target(subjectText, figures.length === 0 ? null : median(figures), limit, write);
}

/** A target for the median ratio of a figure of one row to a figure of another, round by round. */
export function ratioTarget(
  rows: readonly Row[],
  above: readonly [name: string, metric: Metric],
  below: readonly [name: string, metric: Metric],
  subjectText: string,
  limit: Limit,
): TargetResult[] {
  const figures = ([rowName, metric]: readonly [string, Metric]) => {
    const row = rows.find(({ name }) => name === rowName);
    return row ? figuresOf(row, metric) : [];
  };
  return target(subjectText, pairedRatio(figures(above), figures(below)), limit);
}

/** The peer with the shortest median time. */
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
  subjectText: string,
  value: number | null,
  limit: Limit,
  write: (value: number) => string = (value) => value.toFixed(2),
): TargetResult[] {
  if (value === null) return [];
  const isMet = "atLeast" in limit ? value >= limit.atLeast : value <= limit.atMost;
  const limitText = "atLeast" in limit
    ? `at least ${write(limit.atLeast)}`
    : `at most ${write(limit.atMost)}`;
  return [{ text: `${subjectText}: ${limitText}`, value: write(value), isMet }];
}
