/**
 * An explanation of what a download would do, as tables of text: every line of the input list,
 * every file, and the sums of each priority. Pure.
 *
 * @module
 */
import type { Priority } from "../../client/priority.ts";
import {
  type ExplainedFile,
  type ExplainedLine,
  type Explanation,
  type Fate,
  type Findings,
  isWanted,
  type LineMeaning,
  totalsOf,
} from "../../client/explain/explanation.ts";
import { sanitize } from "../../text/sanitize.ts";
import { type Paint, paintOf } from "../terminal/paint.ts";
import { type Cell, type Column, renderTable } from "../terminal/table.ts";
import { formatBytes, formatBytesOf, formatCount } from "../terminal/units.ts";

/** The style of an explanation. */
export interface ExplanationStyle {
  /** The maximum width of a line; `Infinity` shortens and wraps nothing. */
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
  /** The input list's path. */
  readonly input: string;
  /** The command that removes leftovers. */
  readonly cleanCommand: string;
}

const LINE_COLUMNS: readonly Column[] = [
  { title: "line", align: "right" },
  { title: "text", fit: "shorten" },
  { title: "meaning", fit: "wrap" },
];

const FILE_COLUMNS: readonly Column[] = [
  { title: "line", align: "right", dropOrder: 2 },
  { title: "priority", dropOrder: 4 },
  { title: "share", align: "right", dropOrder: 3 },
  { title: "size", align: "right", dropOrder: 1 },
  { title: "file", fit: "shorten" },
  { title: "what happens", fit: "wrap" },
];

const TOTAL_COLUMNS: readonly Column[] = [
  { title: "priority" },
  { title: "share", align: "right" },
  { title: "files", align: "right", dropOrder: 2 },
  { title: "size", align: "right", dropOrder: 1 },
  { title: "to come", align: "right", dropOrder: 3 },
];

/** The lines, for a terminal as well as for a pipe. */
export function renderExplanation(explanation: Explanation, style: ExplanationStyle): string[] {
  const { columns, unicode, color, input } = style;
  const paint = paintOf(color);
  const table = (columnsOf: readonly Column[], rows: readonly (readonly Cell[])[]) =>
    renderTable(columnsOf, rows, { columns, unicode, paintTitles: paint.faint });
  const sections: (readonly string[])[] = [];
  const { lines, files } = explanation;
  if (lines.length === 0) sections.push([`${sanitize(input)} has no line`]);
  else sections.push(table(LINE_COLUMNS, lines.map((line) => lineRow(line, paint))));
  if (files && files.length > 0) {
    sections.push(table(FILE_COLUMNS, files.map((file) => fileRow(file, paint))));
    const totals = totalsOf(files);
    if (totals.length > 0) {
      const rows = totals.map(({ priority, share, files, size, lacking }) =>
        [
          priorityCell(priority, paint),
          { text: share > 0 ? formatShare(share) : "" },
          { text: String(files) },
          { text: formatBytes(size) },
          { text: formatBytes(lacking) },
        ] satisfies Cell[]
      );
      sections.push(table(TOTAL_COLUMNS, rows));
    }
  }
  const notes = notesOf(explanation, style);
  if (notes.length > 0) {
    const rows = notes.map((text) => [{ text }]);
    sections.push(renderTable([{ title: "", fit: "wrap" }], rows, {
      columns,
      unicode,
      hasTitles: false,
    }));
  }
  return sections.flatMap((section, index) => index === 0 ? section : ["", ...section]);
}

function lineRow({ line, text, meaning }: ExplainedLine, paint: Paint): readonly Cell[] {
  return [{ text: String(line) }, { text: sanitize(text) }, meaningCell(meaning, paint)];
}

function meaningCell(meaning: LineMeaning, paint: Paint): Cell {
  switch (meaning.type) {
    case "blank":
    case "comment":
      return { text: meaning.type, paint: paint.faint };
    case "mistake":
      return { text: `does not count: ${meaning.message}`, paint: paint.bad };
    case "entry": {
      const { entry: { priority, sha256, excludes }, isGlob, found } = meaning;
      if (excludes) {
        const count = found === null ? "" : `: ${formatCount(found.elsewhere, "file")}`;
        return { text: `excludes what it means${count}` };
      }
      const what = found === null
        ? (isGlob ? "all files that match" : "one file")
        : findingsText(found, isGlob);
      const digest = sha256 === null ? "" : "; its digest is given";
      const isWaiting = found !== null && isNothing(found);
      return {
        text: `${priority}: ${what}${digest}`,
        paint: isWaiting ? paint.notable : undefined,
      };
    }
  }
}

function isNothing({ files, elsewhere, refused }: Findings): boolean {
  return files + elsewhere + refused === 0;
}

function findingsText(found: Findings, isGlob: boolean): string {
  const { files, size, elsewhere, refused, hint } = found;
  if (isNothing(found)) {
    const missing = isGlob ? "no file matches yet" : "the server does not have it yet";
    return hint === null ? `waits, ${missing}` : `waits: ${hint}`;
  }
  const others = files + refused > 0 ? `${elsewhere} more` : formatCount(elsewhere, "file");
  return [
    files > 0 ? `${formatCount(files, "file")}, ${formatBytes(size)}` : "",
    refused > 0 ? `${refused} refused` : "",
    elsewhere > 0 ? `${others} decided by other lines` : "",
  ].filter((part) => part !== "").join("; ");
}

function fileRow(file: ExplainedFile, paint: Paint): readonly Cell[] {
  return [
    { text: String(file.line) },
    file.priority ? priorityCell(file.priority, paint) : { text: "" },
    { text: file.share === null ? "" : formatShare(file.share) },
    { text: file.size === null ? "" : formatBytes(file.size) },
    { text: sanitize(file.path) },
    { text: fateText(file), paint: fatePaint(file.fate, paint) },
  ];
}

function priorityCell(priority: Priority, { strong, faint }: Paint): Cell {
  if (priority === "CRITICAL") return { text: priority, paint: strong };
  return { text: priority, paint: priority === "NORMAL" ? faint : undefined };
}

function fateText(file: ExplainedFile): string {
  const { fate, size, resumableBytes, isVerified, replaces, reason } = file;
  const replacement = replaces ? "; replaces another file there" : "";
  switch (fate) {
    case "there":
      return `there already: size and time agree${isVerified ? ", its digest is compared" : ""}`;
    case "compare":
      return "compared: a file of this size is there, and its digest decides";
    case "try": {
      const kept = formatBytesOf(resumableBytes, size ?? 0);
      return `continued if the server's digest of what is here agrees: ${kept}${replacement}`;
    }
    case "resume":
      return `resumed: ${formatBytesOf(resumableBytes, size ?? 0)} on disk${replacement}`;
    case "restart":
      return `refetched: ${reason}${replacement}`;
    case "fetch":
      return `downloaded${replacement}`;
    case "blocked":
      return `fails: ${reason}`;
    case "refused":
      return `refused: ${reason}`;
  }
}

function fatePaint(fate: Fate, paint: Paint): Cell["paint"] {
  if (fate === "there") return paint.good;
  if (fate === "blocked" || fate === "refused") return paint.bad;
  return fate === "restart" ? paint.notable : undefined;
}

function notesOf({ files, leftovers }: Explanation, style: ExplanationStyle): string[] {
  const notes: string[] = [];
  if (files === null) notes.push("There is no server list, so only the lines are explained.");
  else if (!files.some(isWanted)) notes.push("There is nothing to fetch.");
  if (leftovers.length > 0) {
    const size = formatBytes(leftovers.reduce((sum, leftover) => sum + leftover.size, 0));
    const count = formatCount(leftovers.length, "file");
    notes.push(
      `${size} of ${count} that no line names are kept; to remove them: ${
        sanitize(style.cleanCommand)
      }`,
    );
  }
  return notes;
}

/** A share in percent: `66.7%`, `0.03%`. */
function formatShare(share: number): string {
  const percent = share * 100;
  if (percent >= 99.95) return "100%";
  if (percent >= 1) return `${percent.toFixed(1)}%`;
  return percent >= 0.01 ? `${percent.toFixed(2)}%` : "<0.01%";
}
