/**
 * Files that have ended; there may be very many.
 *
 * @module
 */
import type { PlannedFile } from "../input/plan.ts";
import type { Phase } from "./file_record.ts";

/** Ended files, by path. */
export class SettledFiles {
  readonly #files = new Map<string, { readonly planned: PlannedFile; readonly phase: Phase }>();

  /** The paths of all ended files. */
  paths(): Iterable<string> {
    return this.#files.keys();
  }

  /** The ended file of a path, if there is one. */
  get(path: string): PlannedFile | undefined {
    return this.#files.get(path)?.planned;
  }

  /** Adds a file that has ended in a phase. */
  put(planned: PlannedFile, phase: Phase): void {
    this.#files.set(planned.file.path, { planned, phase });
  }

  /** Changes the plan of an ended file. */
  replan(planned: PlannedFile): void {
    const { path } = planned.file;
    this.#files.set(path, { ...this.#files.get(path)!, planned });
  }

  /** Removes a file, if it has ended. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  /** The numbers of files that have failed, and that failed their verification. */
  get counts(): { readonly failed: number; readonly unverified: number } {
    const counts = { failed: 0, unverified: 0 };
    for (const { phase } of this.#files.values()) {
      if (phase === "failed" || phase === "unverified") counts[phase]++;
    }
    return counts;
  }
}
