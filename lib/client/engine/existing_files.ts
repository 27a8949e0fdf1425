/**
 * The files under final names that are Sluice's, as far as this run knows, and the rule about others.
 * Pure.
 *
 * @module
 */
import { type FinalFile, isKept, type Keeping } from "../disk/final_file.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { FileRecord } from "./file_record.ts";

/** Tells files that may be replaced from others. */
export class ExistingFiles {
  readonly #keepExisting: boolean;
  /** Files that were put under their names, or found complete there, by path. */
  readonly #placed = new Map<string, FinalFile>();

  /** @param keepExisting Whether other files stay. */
  constructor(keepExisting: boolean) {
    this.#keepExisting = keepExisting;
  }

  /** Takes a file that is complete under its name. */
  onPlaced({ file, local }: FileRecord): void {
    this.#placed.set(file.path, local?.existing ?? file);
  }

  /** The rule about a file under the name of another one. */
  keeping({ file: { path } }: FileRecord): Keeping {
    return { placed: this.#placed.get(path) ?? null, keepExisting: this.#keepExisting };
  }

  /** Whether a file that is not Sluice's is under the name, and stays. */
  keeps(record: FileRecord, { existing }: LocalState): boolean {
    return isKept(existing, record.file, this.keeping(record));
  }
}
