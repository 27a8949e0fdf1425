/**
 * `input.txt` while people edit it.
 *
 * Editors replace the file, empty it before they write it, or delete it for a moment; scripts
 * append half a line. So a text counts once it has stood still for a moment, an empty one for a
 * longer moment, and a last line without an end likewise.
 *
 * @module
 */
import { basename, dirname, resolve } from "@std/path";
import { describeDenial, messageOf, UserError } from "../../errors.ts";
import { shellQuote } from "../../text/shell_quote.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** How often the file is looked at in case the system told nothing, in milliseconds. */
const POLL_MS = 250;
/** How long a text must stand still before it counts, in milliseconds. */
const STILL_MS = 100;
/** The same for an empty text, and for a last line without an end. */
const LONG_STILL_MS = 500;
/** Of a file that keeps changing, the whole lines count after this long, in milliseconds. */
const MAX_DELAY_MS = 700;

/** What the watcher tells. */
export type InputState =
  /** The text to go by. */
  | { readonly type: "text"; readonly bytes: Uint8Array }
  /** The file cannot be read any more; what was read last goes on counting. */
  | { readonly type: "unreadable"; readonly reason: string };

/**
 * Reads the file.
 *
 * @throws {UserError} If it cannot be read.
 */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new UserError(`Cannot read the input list "${path}": ${whyUnreadable(path, error)}`, 2, {
      cause: error,
    });
  }
}

/**
 * The file's text, and every text that it has later, until aborted.
 *
 * @param path The file.
 * @param signal Ends the watching.
 * @throws {UserError} If the file cannot be read at first.
 */
export async function* watchInput(path: string, signal: AbortSignal): AsyncGenerator<InputState> {
  if (signal.aborted) return;
  const first = await unlessAborted(readInput(path), signal);
  if (first === null) return;
  let told = first;
  yield { type: "text", bytes: told };
  // A pipe has nothing more to say; a file may be gone for a moment by now.
  const info = await nullIfNotFound(Deno.stat(path));
  if (info?.isFile === false) return;
  using changes = new ChangeWatch(path);
  let seen = told;
  let seenAt = 0;
  let differsSince = 0;
  let unreadable = "";
  while (!signal.aborted) {
    const pending = !isEqual(seen, told);
    await changes.wait(pending ? STILL_MS / 2 : POLL_MS, signal);
    if (signal.aborted) return;
    const now = performance.now();
    let bytes: Uint8Array;
    try {
      const read = await unlessAborted(Deno.readFile(path), signal);
      if (read === null) return;
      bytes = read;
    } catch (error) {
      const reason = whyUnreadable(path, error);
      if (seen !== GONE) [seen, seenAt] = [GONE, now];
      if (now - seenAt >= LONG_STILL_MS && reason !== unreadable) {
        unreadable = reason;
        yield { type: "unreadable", reason };
      }
      continue;
    }
    unreadable = "";
    if (!isEqual(bytes, seen)) {
      if (!pending || seen === GONE) differsSince = now;
      [seen, seenAt] = [bytes, now];
    }
    if (isEqual(seen, told)) continue;
    const still = now - seenAt;
    const isFinished = seen.length > 0 && seen.at(-1) === NEWLINE;
    const isRipe = still >= (isFinished ? STILL_MS : LONG_STILL_MS);
    if (!isRipe && now - differsSince < MAX_DELAY_MS) continue;
    const text = isRipe ? seen : wholeLines(seen);
    // Nothing at all is told only of a file that stands still.
    if (isEqual(text, told) || (text.length === 0 && !isRipe)) continue;
    [told, differsSince] = [text, now];
    yield { type: "text", bytes: text };
  }
}

const NEWLINE = 0x0a;

/** Stands for a file that is not there: equal to no text. */
const GONE = new Uint8Array([0]);

/** The text without an unfinished last line. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Wakes up when the system says that something happened to a file, or after a while. */
class ChangeWatch implements Disposable {
  #watcher: Deno.FsWatcher | undefined;
  #wake = () => {};

  /** The folder is watched, not the file, which may be replaced. */
  constructor(path: string) {
    try {
      this.#watcher = Deno.watchFs(dirname(resolve(path)), { recursive: false });
      this.#listen(basename(path), this.#watcher);
    } catch {
      // Polling does it alone.
    }
  }

  async wait(most: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, most);
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
      // Polling does it alone.
    }
  }
}

/** What was read, or null if that is not waited for any more: a pipe may never be written to. */
async function unlessAborted(
  reading: Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
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
    return `it does not exist; write one file name a line into it (${all}), or name another ` +
      "with --input";
  }
  if (error instanceof Deno.errors.IsADirectory || /is a directory/i.test(messageOf(error))) {
    return "it is a folder; name a file with --input";
  }
  return `${describeDenial(error) ?? messageOf(error)}; name another with --input`;
}
