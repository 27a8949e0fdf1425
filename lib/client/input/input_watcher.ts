/**
 * Follows `input.txt` while it is edited.
 *
 * Editors replace the file, empty it before they write it, or delete it for a moment; scripts
 * append half a line. So a text counts only once it has been stable for a moment; an empty text,
 * or one whose last line has no end, for a longer moment. The file is read only if its metadata has
 * changed, so that a long list costs nothing while it is the same.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { basename, dirname, resolve } from "@std/path";
import { codeOf, describeDenial, messageOf, UserError } from "../../errors.ts";
import { shellQuote } from "../../text/shell_quote.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";
import { type InputSource, listOf } from "./given_names.ts";
import { toUtf8 } from "./text_encoding.ts";

/** How often the file is checked if the system reports no change, in milliseconds. */
const POLL_MS = 250;
/** How long a text must be stable before it counts, in milliseconds. */
const STABLE_MS = 100;
/** The same for an empty text, and for one whose last line has no end. */
const INCOMPLETE_STABLE_MS = 500;
/** After this long the whole lines of a file that keeps changing count, in milliseconds. */
const MAX_DELAY_MS = 700;

/**
 * A file that was modified so shortly before it was read, in milliseconds, is read again: its next
 * modification may have the same time.
 */
const SAME_TIME_MS = 2_000;

/** A state of the input list. */
export type InputState =
  /** The text that counts from now on. */
  | { readonly type: "text"; readonly bytes: Uint8Array }
  /** The file can no longer be read; the text before stays in effect. */
  | { readonly type: "unreadable"; readonly reason: string };

/** The path that stands for standard input. */
const STANDARD_INPUT = "-";

/**
 * Reads the list: a file, or standard input to its end, or what arguments name.
 *
 * @throws {UserError} If it cannot be read.
 */
export async function readInput(source: InputSource): Promise<Uint8Array> {
  if (typeof source !== "string") return listOf(source);
  try {
    const bytes = source === STANDARD_INPUT
      ? await new Response(Deno.stdin.readable).bytes()
      : await Deno.readFile(source);
    return toUtf8(bytes);
  } catch (error) {
    throw new UserError(
      `Cannot read the input list "${source}": ${whyUnreadable(source, error)}`,
      2,
      {
        cause: error,
      },
    );
  }
}

/**
 * Yields the list's text, and every later text of a file, until aborted.
 *
 * @param signal Ends the generator.
 * @throws {UserError} If the file cannot be read at the start.
 */
export async function* watchInput(
  source: InputSource,
  signal: AbortSignal,
): AsyncGenerator<InputState> {
  if (signal.aborted) return;
  const first = await unlessAborted(readInput(source), signal);
  if (first === null) return;
  let current = first;
  yield { type: "text", bytes: current };
  if (typeof source !== "string" || source === STANDARD_INPUT) return;
  const path = source;
  // A pipe has no later text; a file may be missing for a moment.
  const info = await nullIfNotFound(Deno.stat(path));
  if (info?.isFile === false) return;
  using changes = new ChangeWatch(path);
  let lastRead = current;
  let stableSince = 0;
  let differsSince = 0;
  let lastReason = "";
  const metadata = new SeenMetadata();
  while (!signal.aborted) {
    const pending = !isEqual(lastRead, current);
    await changes.wait(pending ? STABLE_MS / 2 : POLL_MS, signal);
    if (signal.aborted) return;
    const now = performance.now();
    let bytes: Uint8Array;
    try {
      const isSame = await unlessAborted(metadata.isSame(path), signal);
      if (isSame && !pending) continue;
      const read = isSame === null ? null : await unlessAborted(Deno.readFile(path), signal);
      if (read === null) return;
      bytes = toUtf8(read);
    } catch (error) {
      const reason = whyUnreadable(path, error);
      if (lastRead !== MISSING) [lastRead, stableSince] = [MISSING, now];
      if (now - stableSince >= INCOMPLETE_STABLE_MS && reason !== lastReason) {
        lastReason = reason;
        yield { type: "unreadable", reason };
      }
      continue;
    }
    lastReason = "";
    if (!isEqual(bytes, lastRead)) {
      if (!pending || lastRead === MISSING) differsSince = now;
      [lastRead, stableSince] = [bytes, now];
    }
    if (isEqual(lastRead, current)) continue;
    const stableFor = now - stableSince;
    const isComplete = lastRead.length > 0 && lastRead.at(-1) === NEWLINE;
    const isStable = stableFor >= (isComplete ? STABLE_MS : INCOMPLETE_STABLE_MS);
    if (!isStable && now - differsSince < MAX_DELAY_MS) continue;
    const text = isStable ? lastRead : wholeLines(lastRead);
    // An empty text counts only if it is stable.
    if (isEqual(text, current) || (text.length === 0 && !isStable)) continue;
    [current, differsSince] = [text, now];
    yield { type: "text", bytes: text };
  }
}

const NEWLINE = 0x0a;

/** Stands for a missing file; no useful text has these bytes. */
const MISSING = new Uint8Array([0]);

/** The text without an unfinished last line. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || Buffer.compare(a, b) === 0;
}

/** The metadata with which a file was last read. */
class SeenMetadata {
  #seen = "";

  /** Whether a file is surely the same as at the last call, before which it was read. */
  async isSame(path: string): Promise<boolean> {
    const { mtime, ctime, size, ino, dev } = await Deno.stat(path);
    const modified = Math.max(mtime?.getTime() ?? Infinity, ctime?.getTime() ?? 0);
    const now = [modified, size, ino, dev].join();
    const isSame = now === this.#seen;
    this.#seen = Date.now() - modified > SAME_TIME_MS ? now : "";
    return isSame;
  }
}

/** Waits until the system reports a change of a file, or a time has passed. */
class ChangeWatch implements Disposable {
  #watcher: Deno.FsWatcher | undefined;
  #wake = () => {};

  /** Watches the folder, since the file may be replaced. */
  constructor(path: string) {
    try {
      this.#watcher = Deno.watchFs(dirname(resolve(path)), { recursive: false });
      this.#listen(basename(path), this.#watcher);
    } catch {
      // Polling alone is enough.
    }
  }

  async wait(maxMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, maxMs);
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  async #listen(name: string, watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { paths, kind } of watcher) {
        if (kind !== "access" && paths.some((path) => basename(path) === name)) this.#wake();
      }
    } catch {
      // Polling alone is enough.
    }
  }
}

/** The result, or null if aborted before: a pipe may never be written to. */
async function unlessAborted<T>(reading: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise: aborted, resolve } = Promise.withResolvers<null>();
  const stop = () => resolve(null);
  signal.addEventListener("abort", stop);
  try {
    return signal.aborted ? null : await Promise.race([reading, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
    reading.catch(() => {});
  }
}

function whyUnreadable(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    const all = `for all files: echo "**" > ${shellQuote(path)}`;
    return `it does not exist; write one file name per line into it (${all}), or name another ` +
      "with --input";
  }
  if (codeOf(error) === "EISDIR") {
    return "it is a folder; name a file with --input";
  }
  return `${describeDenial(error) ?? messageOf(error)}; name another with --input`;
}
