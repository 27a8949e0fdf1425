/**
 * Sets of wire paths, in which a path stands for everything under it.
 *
 * @module
 */

/** Without the paths that are under another one of them. */
export function outermost(paths: readonly string[]): Set<string> {
  const tops = new Set<string>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    if (!isAtOrUnder(path, tops)) tops.add(path);
  }
  return tops;
}

/** Whether a path is one of `tops` or under one; the empty path is above all others. */
export function isAtOrUnder(path: string, tops: ReadonlySet<string>): boolean {
  if (tops.has(path) || tops.has("")) return true;
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (tops.has(path.slice(0, end))) return true;
  }
  return false;
}
