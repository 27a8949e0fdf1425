/**
 * Which Sluice this is.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** The version of both programs, for example `0.1.0`. */
export const VERSION: string = config.version;

/** The program as it names itself to a peer. */
export const PROGRAM = `sluice/${VERSION}`;
