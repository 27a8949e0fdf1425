/**
 * A run's report as one self-contained page of HTML: no network, no scripts. Pure.
 *
 * Text from a peer goes through `escapeHtml`, and the page's content security policy forbids
 * everything but its style.
 *
 * This room makes the page of `--report`: `report_record.ts` collects it from events, with
 * `rate_history.ts`; `report_plot.ts` draws the rates; `report_style.ts` and `html.ts` help. Only
 * `cli/` imports it.
 *
 * @module
 */
import type { Shares, Summary } from "../../client/events.ts";
import { PRIORITIES } from "../../client/priority.ts";
import { dataElement, escapeHtml } from "./html.ts";
import { plotHtml } from "./report_plot.ts";
import type { DoneFile, Mark, ReportRecord } from "./report_record.ts";
import { REPORT_STYLE } from "./report_style.ts";
import { headlineOf } from "../client/summary.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatPart,
  formatRate,
} from "../terminal/units.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Digits of a digest that are enough to compare it by eye. */
const SHORT_DIGEST = 16;

const AMOUNT = '<td class="amount">';
const AMOUNT_HEAD = '<th class="amount">';

/** The most rows of a table; other files are counted. */
const MAX_ROWS = 500;

/** The page about a run. */
export function reportPage(record: ReportRecord, summary: Summary, endedAt: Date): string {
  const title = escapeHtml(headlineOf(summary));
  const sections = [
    figures(summary),
    plot(record, summary),
    section("Shares", summary.shares === null ? "" : sharesTable(summary.shares)),
    section("Failed", failedTable(summary)),
    section("Unfinished", unfinishedTable(summary)),
    section("Not on the server", nameList(summary.waiting)),
    section("Done", doneTable(record.done, summary.done)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: ${title}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<h1>${outcome(summary)}</h1>
<p>${title}.</p>
<p class="faint">From ${escapeHtml(record.server)}, ended ${time(endedAt)}.</p>
${summary.error === null ? "" : `<p class="bad">${escapeHtml(summary.error)}</p>`}
${sections.filter((section) => section !== "").join("\n")}
</body>
</html>
`;
}

function outcome({ exitCode, interrupted }: Summary): string {
  if (exitCode === 0) return '<span class="good">✓ Complete</span>';
  return `<span class="bad">✗ ${interrupted ? "Interrupted" : "Incomplete"}</span>`;
}

function figures(summary: Summary): string {
  const { done, failed, unfinished, bytes, repeated, took, activeTime, exitCode } = summary;
  const rate = activeTime > 0 ? Math.round(bytes * 1000 / activeTime) : 0;
  const rows: [name: string, value: number, text: string, label: string][] = [
    ["done", done, String(done), "files done"],
    ["failed", failed.length, String(failed.length), "failed"],
    ["unfinished", unfinished.length, String(unfinished.length), "unfinished"],
    ["bytes", bytes, formatBytes(bytes), "received"],
    ["repeated", repeated, formatBytes(repeated), "of that repeated"],
    ["active", Math.round(activeTime), formatElapsed(activeTime), "time downloading"],
    ["took", Math.round(took), formatElapsed(took), "time in all"],
    ["rate", rate, formatRate(rate), "mean rate"],
    ["exit-code", exitCode, String(exitCode), "exit code"],
  ];
  const cells = rows.map(([name, value, text, label]) =>
    `<div>${dataElement(value, text, name)}<span>${label}</span></div>`
  );
  return `<div class="figures">${cells.join("\n")}</div>`;
}

function plot({ history, marks, moreMarks }: ReportRecord, { took }: Summary): string {
  const picture = plotHtml({ history, marks, took });
  const keys = PRIORITIES.map((priority) =>
    `<span class="key ${priority.toLowerCase()}"></span>${priority}`
  );
  const legend = picture === "" ? "" : `<p>${keys.join(" &ensp; ")}</p>`;
  const more = moreMarks > 0 ? `<p class="faint">and ${moreMarks} more</p>` : "";
  return section("Rates", picture + legend + markList(marks) + more);
}

function markList(marks: readonly Mark[]): string {
  if (marks.length === 0) return "";
  const items = marks.map(({ at, kind, text }) => {
    const what = kind === "edit" ? `input: ${text}` : text;
    // The axis counts begun seconds; formatDuration would round up.
    return `<li>${formatDuration(1000 * Math.floor(at / 1000))} ${escapeHtml(what)}</li>`;
  });
  return `<ol>${items.join("\n")}</ol>`;
}

function sharesTable({ priorities, bytes, took }: Shares): string {
  const rows = priorities.map(({ priority, bytes, actualShare, expectedShare }) => [
    `<td><span class="key ${priority.toLowerCase()}"></span>${priority}</td>`,
    amount(dataElement(actualShare, formatPart(actualShare), `actual-${priority}`)),
    amount(dataElement(expectedShare, formatPart(expectedShare), `expected-${priority}`)),
    amount(dataElement(bytes, formatBytes(bytes))),
  ]);
  const caption = `The shares of ${formatBytes(bytes)} received while priorities competed, for ` +
    `${formatElapsed(took)} in all.`;
  return `<p class="faint">${caption}</p>${
    table(["Priority", "Actual", "Expected", "Bytes"], rows, rows.length)
  }`;
}

function failedTable({ failed, refused }: Summary): string {
  const rows = [
    ...failed.slice(0, MAX_ROWS).map(({ path, reason, advice }) => [
      name(path),
      cell(reason),
      cell(advice),
    ]),
    ...refused.slice(0, MAX_ROWS).map(({ path, reason }) => [
      name(path),
      cell(`refused: ${reason}`),
      cell("rename it on the server"),
    ]),
  ];
  return table(["Name", "Why", "What to do"], rows, failed.length + refused.length);
}

function unfinishedTable({ unfinished, resume }: Summary): string {
  const rows = unfinished.slice(0, MAX_ROWS).map(({ path, priority, resumableBytes, size }) => [
    name(path),
    cell(priority),
    amount(dataElement(resumableBytes, formatBytes(resumableBytes))),
    amount(dataElement(size, formatBytes(size))),
  ]);
  const command = resume === null ? "" : `<p>To resume: <code>${escapeHtml(resume)}</code></p>`;
  return table(["Name", "Priority", "Kept", "Size"], rows, unfinished.length) + command;
}

function doneTable(done: readonly DoneFile[], total: number): string {
  const rows = done.map(({ path, priority, size, took, sha256, alreadyThere }) => [
    name(path),
    cell(priority),
    amount(dataElement(size, formatBytes(size))),
    amount(alreadyThere ? "already there" : formatElapsed(took)),
    amount(alreadyThere || took <= 0 ? "" : formatRate(size * 1000 / took)),
    `<td class="digest"><code>${sha256?.slice(0, SHORT_DIGEST) ?? ""}</code></td>`,
  ]);
  return table(
    ["Name", "Priority", "Size", "Time", "Rate", '<span class="digest">SHA-256</span>'],
    rows,
    total,
  );
}

function nameList(names: readonly string[]): string {
  return table(["Name"], names.slice(0, MAX_ROWS).map((text) => [name(text)]), names.length);
}

function section(heading: string, body: string): string {
  return body === "" ? "" : `<section>\n<h2>${heading}</h2>\n${body}\n</section>`;
}

function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  total: number,
): string {
  if (rows.length === 0) return "";
  // The heading of amounts is aligned like them.
  const isAmount = (index: number) => rows[0]![index]?.startsWith(AMOUNT) ?? false;
  const head = heads.map((text, index) => `${isAmount(index) ? AMOUNT_HEAD : "<th>"}${text}</th>`)
    .join("");
  const body = rows.map((cells) => `<tr>${cells.join("")}</tr>`).join("\n");
  const hidden = total - rows.length;
  const more = hidden > 0 ? `<p class="faint">and ${formatCount(hidden, "more file")}</p>` : "";
  return `<div class="scroll"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table></div>${more}`;
}

/** A name from a peer, isolated so that its writing direction affects nothing else. */
function name(path: string): string {
  return `<td class="name"><bdi>${escapeHtml(path)}</bdi></td>`;
}

function cell(text: string): string {
  return `<td>${escapeHtml(text)}</td>`;
}

function amount(html: string): string {
  return `${AMOUNT}${html}</td>`;
}

function time(date: Date): string {
  const text = date.toISOString();
  return `<time datetime="${text}">${text.slice(0, 16).replace("T", " ")} UTC</time>`;
}
