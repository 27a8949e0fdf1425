/**
 * How the user starts the client.
 *
 * @module
 */
import { basename } from "@std/path";

/** The beginning of a command that the user can paste: the executable's name, or the task. */
export function ownCommand(): string {
  return Deno.build.standalone ? basename(Deno.execPath()) : "deno task client";
}
