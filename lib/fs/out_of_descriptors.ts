/**
 * The lack of descriptors: a passing state, which says nothing about the file that was to be opened.
 *
 * @module
 */
import { codeOf } from "../errors.ts";

/** Whether a call failed because this process, or the system, has too many files open. */
export function isOutOfDescriptors(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE" || isOutOfDescriptors(error.cause);
}
