/**
 * Moving a file to a name that may be taken, also where another program has what is there open.
 *
 * @module
 */
import type { Platform } from "../../platform.ts";

/** How long to wait before each further try, in milliseconds: a second and a half together. */
const PAUSES_MS = [10, 30, 60, 100, 200, 400, 700];

/**
 * Whether Windows may have refused something only because another program has a file open, as a
 * virus scanner or an indexer has every new file for a moment. Elsewhere that is no reason.
 *
 * @param error What the system said.
 * @param platform Which system.
 */
export function mayBeHeld(error: unknown, platform: Platform): boolean {
  if (platform !== "windows" || !(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return ["EACCES", "EPERM", "EBUSY"].includes(code ?? "") ||
    // Access denied, sharing violation, lock violation.
    /\(os error (5|32|33)\)/.test(error.message);
}

/** How a file is moved. */
export interface ReplaceOptions {
  /** @default this system */
  readonly platform?: Platform;
  /** Moves a file over what is there. @default {Deno.renameSync}, which is over in a moment */
  readonly rename?: (from: string, to: string) => void | Promise<void>;
}

/**
 * Moves a file, over an older one if there is one. Where another program may have one of the two
 * open, it is tried for a second and a half.
 *
 * @throws {Error} What the system said last.
 */
export async function replaceFile(
  from: string,
  to: string,
  { platform = Deno.build.os, rename = Deno.renameSync }: ReplaceOptions = {},
): Promise<void> {
  for (const pause of PAUSES_MS) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (!mayBeHeld(error, platform)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await rename(from, to);
}
