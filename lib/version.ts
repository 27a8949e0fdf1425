/**
 * The version of this program.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** The version of both programs, for example `0.1.0`. */
export const VERSION: string = config.version;

/** The name and version that each side sends to its peer. */
export const PROGRAM = `sluice/${VERSION}`;
