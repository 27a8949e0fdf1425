/**
 * The file of a report.
 *
 * @module
 */
import type { InputSource } from "../client/input/given_names.ts";
import { writeAllSync } from "../fs/write_all.ts";
import { codeOf, describeDenial, messageOf, UserError } from "../errors.ts";
import { quoted } from "../text/sanitize.ts";
import { EXIT_FAILED } from "../client/exit_code.ts";

/** A report's file, opened early; its old content stays until the report is written. */
export class ReportFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Opens the file, or creates it.
   *
   * @param path The report's path.
   * @param input The input list, which must be another file.
   * @throws {UserError} If the file cannot be written to.
   */
  static open(path: string, input: InputSource): ReportFile {
    try {
      if (typeof input === "string") assertOther(path, input);
      return new ReportFile(path, Deno.openSync(path, { write: true, create: true }));
    } catch (error) {
      throw new UserError(`${failure(path, error)}; name another file with --report`, 2, {
        cause: error,
      });
    }
  }

  /**
   * Writes the report over the old content.
   *
   * @throws {UserError} If writing fails.
   */
  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    try {
      this.#file.truncateSync();
      writeAllSync(this.#file, bytes);
    } catch (error) {
      throw new UserError(failure(this.#path, error), EXIT_FAILED, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** @throws {Error} If both paths are one file. */
function assertOther(path: string, input: string): void {
  let same: boolean;
  try {
    same = Deno.realPathSync(path) === Deno.realPathSync(input);
  } catch {
    return;
  }
  if (same) throw new Error("it is the input list");
}

function failure(path: string, error: unknown): string {
  const why = codeOf(error) === "EISDIR"
    ? "it is a folder"
    : describeDenial(error) ?? messageOf(error);
  return `Cannot write the report ${quoted(path)}: ${why}`;
}
