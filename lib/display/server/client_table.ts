/**
 * A server's clients as a table that fits a terminal. Pure; `server_view.ts` writes it.
 *
 * @module
 */
import type { ServerTotals } from "../../server/server.ts";
import { type ClientRate, isReceiving } from "./client_rates.ts";
import { paintOf } from "../terminal/paint.ts";
import { type Cell, type Column, renderTable } from "../terminal/table.ts";
import { fitting } from "../terminal/text_width.ts";
import {
  BYTES_WIDTH,
  DURATION_WIDTH,
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  RATE_WIDTH,
} from "../terminal/units.ts";

/** The content of a table. */
export interface ClientTableState {
  /** All clients, in the order of their rows. */
  readonly clients: readonly ClientRate[];
  /** The server's totals so far. */
  readonly totals: ServerTotals;
}

/** The surroundings of a drawing. */
export interface ClientTableOptions {
  /** Usable columns of the terminal. */
  readonly columns: number;
  /** Rows of the terminal; at least one stays free. */
  readonly rows: number;
  /** Milliseconds, on the clock of `ClientInfo.since`. */
  readonly now: number;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/** The part of a tall terminal that the table may take; the rest is for the log above. */
const MAX_PART_OF_HEIGHT = 0.75;

/** The table may take this many lines whatever the terminal's height. */
const MIN_LINES = 8;

/** With fewer lines than this, the titles are left out in favour of a client. */
const MIN_LINES_WITH_TITLES = 4;

/** The width of an IPv4 address with a port, so that the columns do not jump. */
const ADDRESS_WIDTH = "255.255.255.255:65535".length;

const COLUMNS: readonly Column[] = [
  { title: "client", fit: "shorten", minWidth: ADDRESS_WIDTH },
  { title: "files", align: "right", dropOrder: 2 },
  { title: "rate", align: "right", minWidth: RATE_WIDTH, dropOrder: 4 },
  { title: "total", align: "right", minWidth: BYTES_WIDTH, dropOrder: 3 },
  { title: "connected", align: "right", minWidth: DURATION_WIDTH, dropOrder: 1 },
];

/**
 * At maxLines `rows - 1` lines of at maxLines `columns` columns: titles, clients, a count of the clients
 * without a row, and the sum.
 */
export function renderClientTable(state: ClientTableState, options: ClientTableOptions): string[] {
  const { columns, rows, color, unicode, now } = options;
  const { clients, totals } = state;
  const maxLines = Math.min(rows - 1, Math.max(MIN_LINES, Math.floor(rows * MAX_PART_OF_HEIGHT)));
  if (maxLines < 1 || columns < 1) return [];
  const paint = paintOf(color);
  if (clients.length === 0) return [paint.strong(fitting(emptyTexts(totals), columns, unicode))];

  const hasTitles = maxLines >= MIN_LINES_WITH_TITLES;
  const room = maxLines - (hasTitles ? 1 : 0) - 1;
  const folds = clients.length > room && room > 1;
  const shown = clients.slice(0, folds ? room - 1 : room);
  const cells: Cell[][] = shown.map((client) =>
    clientCells(client, now).map((text) => ({
      text,
      paint: isReceiving(client) ? undefined : paint.faint,
    }))
  );
  if (folds) cells.push([{ text: `+ ${clients.length - shown.length} more`, paint: paint.faint }]);
  const sum = [
    formatCount(clients.length, "client"),
    String(clients.reduce((sum, { client }) => sum + client.activeFiles, 0)),
    formatRate(clients.reduce((sum, { rate }) => sum + rate, 0)),
    formatBytes(totals.bytes),
  ];
  cells.push(sum.map((text) => ({ text, paint: paint.strong })));
  return renderTable(COLUMNS, cells, { columns, unicode, hasTitles, paintTitles: paint.faint });
}

function clientCells(measured: ClientRate, now: number): string[] {
  const { client: { address, since, bytesSent, activeFiles }, rate } = measured;
  const isIdle = !isReceiving(measured) && activeFiles === 0;
  return [
    address,
    String(activeFiles),
    isIdle ? "idle" : formatRate(rate),
    formatBytes(bytesSent),
    formatDuration(now - since),
  ];
}

/** The texts for no client, from long to short. */
function emptyTexts({ clients, files, bytes }: ServerTotals): readonly string[] {
  const stop = "; Ctrl+C to stop";
  if (clients === 0) return [`no client yet${stop}`, "no client yet"];
  const sent = `${formatCount(files, "file")}, ${formatBytes(bytes)}`;
  const now = `no client now, ${clients} so far`;
  return [`${now}: ${sent}${stop}`, `${now}${stop}`, now, "no client now"];
}
