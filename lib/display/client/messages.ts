/**
 * Events as lines that stay, for a person to read later. All other events show in the bars only.
 *
 * @module
 */
import type { ClientEvent } from "../../client/events.ts";
import { sanitize } from "../../text/sanitize.ts";
import { hasEnded } from "../state/file_table.ts";
import type { Paint } from "../terminal/paint.ts";
import type { ProgressState } from "../state/progress.ts";
import { lossOf } from "./status.ts";
import { shorten, widthOf } from "../terminal/text_width.ts";
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatElapsed,
  formatRate,
} from "../terminal/units.ts";

/** The subject of a message. Messages of one kind can be folded into a count. */
export type MessageKind =
  | "connection"
  | "warning"
  | "leftovers"
  | "resumed"
  | "refetching"
  | "replaced"
  | "finished"
  | "failed"
  | "dropped"
  | "reprioritized"
  | "entry"
  | "interrupted";

/** Lines that stay. */
export interface DisplayMessage {
  readonly kind: MessageKind;
  readonly lines: readonly string[];
  /** Bytes of the file that it reports. */
  readonly bytes: number;
}

/** The style of messages. */
export interface MessageStyle {
  readonly paint: Paint;
  readonly unicode: boolean;
  /** Columns of the terminal; names are shortened to it in lines about single files. */
  readonly columns: number;
  /** Whether a sign before the label shows how a file ended. */
  readonly marks: boolean;
  /** The command that starts a server, without options. */
  readonly serverCommand: string;
}

/** The shortest time, in milliseconds, that gives a meaningful rate. */
const MIN_RATED_TIME = 500;

const LABEL_WIDTH = "priority".length;

/** Names are not shortened below this width: the text after them is shortened instead. */
const MIN_NAME = 20;

/** Digits of a digest that are enough to compare it by eye. */
const SHORT_DIGEST = 8;

const GAP = "  ";

const INTERRUPTED = "interrupted: received bytes are kept; Ctrl+C again ends at once";

type Colour = (text: string) => string;

/**
 * The lines that an event leaves, or null if it leaves none.
 *
 * @param state The state before the event.
 */
export function renderMessage(
  event: ClientEvent,
  state: ProgressState,
  style: MessageStyle,
): DisplayMessage | null {
  const { paint } = style;
  switch (event.type) {
    case "connected":
      return line("connection", connectedText(event, state, style));
    case "disconnected":
      return disconnected(event, state, style);
    case "warning":
      return line("warning", labelled(paint.notable, "warning", sanitize(event.message)));
    case "lackOfSpace":
      return line("warning", labelled(paint.notable, "warning", lackOfSpaceText(event)));
    case "started":
      return resumed(event, state, style);
    case "refetching":
      return line("refetching", named(paint.notable, "refetch", event.path, event.reason));
    case "replaced": {
      const what = `another file of ${formatBytes(event.size)}, which this run had not put there`;
      return line("replaced", named(paint.notable, "replaced", event.path, what));
    }
    case "finished":
      return finished(event, state, style);
    case "failed":
      return line("failed", fittedReason(event, style));
    case "entry":
      // The entries of the first list are no changes.
      if (event.change !== "added" || state.entries === null) return null;
      return line("entry", named(paint.moving, "wanted", event.name, event.priority));
    case "interrupted":
      if (state.active.size + state.queued.size === 0) return null;
      return line("interrupted", paint.notable(INTERRUPTED));
    case "dropped":
      if (!isOpen(event.path, state)) return null;
      return line("dropped", named(paint.notable, "stopped", event.path, event.reason));
    case "reprioritized":
      if (!isOpen(event.path, state)) return null;
      return line("reprioritized", named(paint.moving, "priority", event.path, event.priority));
    case "leftovers":
      return line("leftovers", labelled(paint.notable, "kept", leftoversText(event)));
    default:
      return null;
  }
}

function lackOfSpaceText({ free, needed }: ClientEvent & { type: "lackOfSpace" }): string {
  return `the files need ${formatBytes(needed)} more, and the disk has ${
    formatBytes(free)
  } free; ` +
    "make room, or name another folder with --output";
}

function leftoversText({ files, size, command }: ClientEvent & { type: "leftovers" }): string {
  const what = `${formatBytes(size)} of ${formatCount(files, "file")} that the list does not name`;
  return `${what}; to remove it: ${sanitize(command)}`;
}

function connectedText(
  event: ClientEvent & { type: "connected" },
  state: ProgressState,
  { paint }: MessageStyle,
): string {
  const server = `${sanitize(event.server)} (${sanitize(event.program)})`;
  if (state.connection.everConnected) return paint.good(`connected again to ${server}`);
  const { listed, wanted } = event;
  const files = `${formatCount(listed.files, "file")}, ${formatBytes(listed.size)}`;
  const named = listed.files === 0
    ? ""
    : wanted.files === listed.files
    ? "; the list names all of them"
    : `; the list names ${wanted.files} of them, ${formatBytes(wanted.size)}`;
  return `${paint.good(`connected to ${server}`)}: ${files}${named}`;
}

/** A message only when the reason changes: every failed attempt would repeat it. */
function disconnected(
  event: ClientEvent & { type: "disconnected" },
  state: ProgressState,
  { paint, serverCommand }: MessageStyle,
): DisplayMessage | null {
  const { server, reason, everConnected } = state.connection;
  const isNewReason = event.reason !== reason;
  const isFirst = !everConnected && reason === null;
  const outlook = event.retryIn === null ? "" : "; trying again";
  const loss = paint.bad(lossOf(server, event.reason, everConnected)) + outlook;
  const hint =
    `start a server there (${serverCommand} --dir FOLDER), or name another one with --server HOST:PORT`;
  const lines = [
    ...isNewReason || event.retryIn === null ? [loss] : [],
    ...isFirst ? [labelled(paint.notable, "hint", hint)] : [],
  ];
  return lines.length > 0 ? line("connection", ...lines) : null;
}

function resumed(
  event: ClientEvent & { type: "started" },
  state: ProgressState,
  style: MessageStyle,
): DisplayMessage | null {
  const file = state.file(event.path);
  if (!file || event.resumedBytes <= 0) return null;
  // After a reconnect a file continues where it was, which needs no message.
  if (file.fetched > 0 || file.peakReceived > file.received) return null;
  const amount = `${formatBytesOf(event.resumedBytes, file.size)} already on disk`;
  return line("resumed", fitted(style.paint.moving, "resumed", event.path, [amount, ""], style));
}

function finished(
  event: ClientEvent & { type: "finished" },
  state: ProgressState,
  style: MessageStyle,
): DisplayMessage {
  const { path, size, alreadyThere, sha256 } = event;
  const amount = formatBytes(size);
  const how = alreadyThere ? ", already there" : speedOf(event, state);
  const digest = sha256 === null ? "" : `${GAP}sha256:${sha256.slice(0, SHORT_DIGEST)}`;
  const texts = [amount + how + digest, amount + how, amount, ""];
  const label = style.marks ? "✓ done" : "done";
  return {
    kind: "finished",
    lines: [fitted(style.paint.good, label, path, texts, style)],
    bytes: size,
  };
}

function speedOf(event: ClientEvent & { type: "finished" }, state: ProgressState): string {
  const { path, size, took } = event;
  if (took < MIN_RATED_TIME) return "";
  const file = state.file(path);
  const fetched = file ? file.fetched + Math.max(0, size - file.peakReceived) : size;
  // The rate of a resumed file is that of its rest alone.
  const rest = fetched < size ? `, ${formatBytes(fetched)} of it` : "";
  return `${rest} in ${formatElapsed(took)} (${formatRate(fetched * 1000 / took)})`;
}

function isOpen(path: string, state: ProgressState): boolean {
  const file = state.file(path);
  return file !== undefined && !hasEnded(file);
}

function line(kind: MessageKind, ...lines: string[]): DisplayMessage {
  return { kind, lines, bytes: 0 };
}

/**
 * One row about a file: the first text that leaves room for its name, or for enough of it.
 *
 * @param texts From the longest to the shortest.
 */
function fitted(
  paint: Colour,
  label: string,
  path: string,
  texts: readonly string[],
  { columns, unicode }: MessageStyle,
): string {
  const name = sanitize(path);
  const room = columns - LABEL_WIDTH - 1;
  const minName = Math.min(widthOf(name), MIN_NAME);
  const roomBeside = (text: string) => text === "" ? room : room - widthOf(GAP + text);
  const text = texts.find((text) => roomBeside(text) >= minName) ?? texts.at(-1) ?? "";
  const shown = shorten(name, Math.max(roomBeside(text), 1), unicode);
  return labelled(paint, label, text === "" ? shown : shown + GAP + text);
}

/** One row about a failed file; where room lacks, its name and the reason are both shortened. */
function fittedReason(event: ClientEvent & { type: "failed" }, style: MessageStyle): string {
  const { columns, unicode, marks, paint } = style;
  const name = sanitize(event.path);
  const reason = sanitize(event.reason);
  const room = Math.max(columns - LABEL_WIDTH - 1 - GAP.length, 2);
  const minNameRoom = Math.max(Math.floor(room / 3), Math.min(MIN_NAME, Math.floor(room / 2)));
  const nameRoom = Math.max(minNameRoom, room - widthOf(reason));
  const shown = shorten(name, nameRoom, unicode);
  const text = shown + GAP + shorten(reason, room - widthOf(shown), unicode);
  return labelled(paint.bad, marks ? "✗ failed" : "failed", text);
}

function named(paint: Colour, label: string, path: string, text: string): string {
  return labelled(paint, label, sanitize(path) + GAP + sanitize(text));
}

function labelled(paint: Colour, label: string, text: string): string {
  return `${paint(label.padEnd(LABEL_WIDTH))} ${text}`;
}
