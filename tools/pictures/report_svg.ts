/**
 * The plot of a report's page as a separate picture. Pure.
 *
 * @module
 */
import { PALETTE_STYLE } from "./palette.ts";

/** The positions of the parts, in pixels. */
const PLOT = { left: 96, top: 40, width: 600, height: 260 };
const WIDTH = 720;
const TIMES = PLOT.top + PLOT.height + 20;
const LEGEND = TIMES + 30;
const LINE = 22;
const MARK_RADIUS = 9;
const KEYS = ["CRITICAL", "HIGH", "NORMAL"];

/**
 * Draws the plot that a report's page shows under "Rates".
 *
 * @param page The page, as the client wrote it.
 * @throws {Error} If the page has no plot, as after a run without received bytes.
 */
export function renderReport(page: string): string {
  const areas = page.match(/<svg (viewBox="[^"]*" preserveAspectRatio="none">.*?<\/svg>)/s)?.[1];
  if (areas === undefined) throw new Error("Cannot draw the report: its page has no plot");
  const edits = page.match(/<ol>(.*?)<\/ol>/s)?.[1]?.match(/(?<=<li>).*?(?=<\/li>)/gs) ?? [];
  const height = LEGEND + (edits.length + 1) * LINE;
  const parts = [
    ...rateTicks(page),
    `<svg x="${PLOT.left}" y="${PLOT.top}" width="${PLOT.width}" height="${PLOT.height}" ${areas}`,
    ...timeTicks(page),
    ...markSigns(page),
    ...KEYS.map(legendKey),
    ...edits.map((text, index) => editLine(text, index)),
  ];
  return `\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" \
height="${height}" role="img" aria-label="Rates over time, by priority">
<style>
text { font: 13px system-ui, sans-serif }
.end { text-anchor: end }
.middle { text-anchor: middle }
.odd { opacity: 0.75 }
line { stroke-dasharray: 4 3; vector-effect: non-scaling-stroke }${PALETTE_STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<rect class="edge" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
${parts.join("\n")}
</svg>
`;
}

function rateTicks(page: string): string[] {
  return [...page.matchAll(/<span style="bottom:([\d.]+)%">([^<]*)</g)].map(([, percent, rate]) => {
    const y = round(PLOT.top + PLOT.height * (1 - Number(percent) / 100));
    const right = PLOT.left + PLOT.width;
    return `<path class="edge" d="M${PLOT.left} ${y}H${right}"/>` +
      text(PLOT.left - 8, y + 4, rate!, "faint end");
  });
}

function timeTicks(page: string): string[] {
  return [...page.matchAll(/<span style="left:([\d.]+)%">([^<]*)</g)].map(([, percent, time]) =>
    text(across(percent!), TIMES, time!, "faint middle")
  );
}

function markSigns(page: string): string[] {
  return [...page.matchAll(/<span class="mark [^>]*left:([\d.]+)%[^>]*>(\d+)</g)]
    .map(([, percent, number]) => sign(across(percent!), PLOT.top - 16, number!));
}

function sign(x: number, y: number, number: string): string {
  return `<circle class="ground sign" cx="${x}" cy="${y}" r="${MARK_RADIUS}"/>` +
    text(x, y + 4.5, number, "ink middle");
}

function legendKey(priority: string, index: number): string {
  const x = PLOT.left + index * 110;
  return `<rect class="${priority.toLowerCase()}" x="${x}" y="${LEGEND - 11}" width="12" ` +
    `height="12"/>${text(x + 18, LEGEND, priority, "ink")}`;
}

function editLine(words: string, index: number): string {
  const y = LEGEND + (index + 1) * LINE;
  return sign(PLOT.left + 6, y - 4, String(index + 1)) + text(PLOT.left + 22, y, words, "ink");
}

function across(percent: string): number {
  return round(PLOT.left + PLOT.width * Number(percent) / 100);
}

/** @param content Already escaped, since it comes from a page. */
function text(x: number, y: number, content: string, style: string): string {
  return `<text class="${style}" x="${x}" y="${y}">${content}</text>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}
