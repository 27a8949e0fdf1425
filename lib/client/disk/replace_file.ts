/**
 * Moves a file over another one, also if another program has one of them open.
 *
 * @module
 */
import { codeOf } from "../../errors.ts";
import type { Platform } from "../../platform.ts";

/** Pauses before each further try, in milliseconds: 1.5 s in all. */
const PAUSES_MS = [10, 30, 60, 100, 200, 400, 700];

/**
 * Whether Windows may have failed only because another program has a file open, as virus scanners
 * and indexers have every new file for a moment. False on other systems.
 *
 * @param error The system's error.
 * @param platform The system.
 */
export function mayBeHeld(error: unknown, platform: Platform): boolean {
  if (platform !== "windows" || !(error instanceof Error)) return false;
  const code = codeOf(error);
  return ["EACCES", "EPERM", "EBUSY"].includes(code ?? "") ||
    // Access denied, sharing violation, lock violation.
    /\(os error (5|32|33)\)/.test(error.message);
}

/** Options of {@linkcode replaceFile}. */
export interface ReplaceOptions {
  /** @default this system */
  readonly platform?: Platform;
  /** Renames a file over another. @default {Deno.renameSync}, which takes a moment only */
  readonly rename?: (from: string, to: string) => void | Promise<void>;
}

/**
 * Moves a file, over an older one if there is one. Retries for 1.5 s while another program may have
 * one of the two open.
 *
 * @throws {Error} The system's last error.
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
