/**
 * A progress bar as text.
 *
 * @module
 */

/** A cell filled by zero to seven eighths. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

const EDGES = 2;

/**
 * A bar of exactly `width` columns: `▕███▌    ▏`, or `[###      ]`.
 *
 * @param fraction 0 to 1; the bar is only full at 1.
 * @param width At least 3.
 * @param unicode Whether the bar may use block characters.
 */
export function drawBar(fraction: number, width: number, unicode: boolean): string {
  const inner = Math.max(1, width - EDGES);
  const share = Number.isFinite(fraction) ? Math.min(Math.max(0, fraction), 1) : 0;
  if (!unicode) return `[${"#".repeat(Math.floor(share * inner)).padEnd(inner)}]`;
  const eighths = Math.floor(share * inner * 8);
  const filled = "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
  return `▕${filled.padEnd(inner)}▏`;
}
