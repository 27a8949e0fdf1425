/**
 * The server's list as text.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { padEnd, padStart, shorten, widthOf } from "../terminal/text_width.ts";
import { BYTES_WIDTH, formatBytes } from "../terminal/units.ts";

const GAP = "  ";

/** The layout of a list. */
export interface FileListOptions {
  /** The maximum width of a row; `Infinity` never shortens a name. */
  readonly columns: number;
  /** The most rows with a file; null shows all. */
  readonly limit: number | null;
  /**
   * Whether a shortened name may show `…`.
   *
   * @default {true}
   */
  readonly unicode?: boolean;
}

/**
 * A row for each file, with its name and size, ordered by name. One more row counts the files over
 * the limit.
 *
 * @example
 * ```ts
 * import { renderFileList } from "./file_list.ts";
 *
 * renderFileList([{ path: "a.iso", size: 3 * 1024, modified: 0, version: "1" }], {
 *   columns: 80,
 *   limit: 20,
 * }); // ["a.iso     3 KiB"]
 * ```
 */
export function renderFileList(files: readonly ListedFile[], options: FileListOptions): string[] {
  const { columns, limit, unicode = true } = options;
  const ordered = files.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const shown = ordered.slice(0, limit ?? files.length);
  const room = Math.max(1, columns - GAP.length - BYTES_WIDTH);
  const names = shown.map((file) => shorten(sanitize(file.path), room, unicode));
  const nameWidth = names.reduce((widest, name) => Math.max(widest, widthOf(name)), 0);
  const rows = shown.map(({ size }, index) =>
    padEnd(names[index]!, nameWidth) + GAP + padStart(formatBytes(size), BYTES_WIDTH)
  );
  const hidden = files.length - shown.length;
  if (hidden > 0) rows.push(`+ ${hidden} more`);
  return rows.map((row) => shorten(row, columns, unicode));
}
