/**
 * The operating systems that the programs distinguish.
 *
 * @module
 */

/** An operating system, as `Deno.build.os` names it. */
export type Platform = typeof Deno.build.os;
