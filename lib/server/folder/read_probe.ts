/**
 * Finds files that this user may not read, without opening every file.
 *
 * @module
 */
import { closeSync, openSync } from "node:fs";
import { OPEN_FLAGS } from "../read/open_flags.ts";

/**
 * Tries to open files. Files of one owner, group and mode are alike, except where there are access
 * lists, so one of them is tried for all until one cannot be opened.
 */
export class ReadProbe {
  readonly #readable = new Set<string>();
  /** Kinds with a file that could not be opened: each of their files is tried. */
  readonly #differing = new Set<string>();

  /**
   * Makes sure that a regular file may be read.
   *
   * @param path Where it is on disk.
   * @param mustTry Whether this very file has to be tried.
   * @throws {Error} The system's error if it cannot be opened.
   */
  assertReadable(path: string, { uid, gid, mode }: Deno.FileInfo, mustTry: boolean): void {
    const kind = `${uid} ${gid} ${mode}`;
    if (!mustTry && this.#readable.has(kind)) return;
    try {
      closeSync(openSync(path, OPEN_FLAGS));
    } catch (error) {
      this.#differing.add(kind);
      this.#readable.delete(kind);
      throw error;
    }
    if (!this.#differing.has(kind)) this.#readable.add(kind);
  }
}
