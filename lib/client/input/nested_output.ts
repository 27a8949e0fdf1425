/**
 * Finds out that the output folder is inside the shared folder, where a list such as `**` would nest
 * without end: what the client puts there comes back in the server's list. Pure.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { quoted } from "../../text/sanitize.ts";
import type { Plan } from "./plan.ts";

/** A file of the server that this client has put there. */
export interface NestedCopy {
  readonly path: string;
  /** The output folder as the server has it, with `/` behind it. */
  readonly folder: string;
}

/**
 * A newly planned file that is this client's own copy of another one; null if there is none.
 *
 * @param folder The name of the output folder.
 * @param isHere Whether the client has put a file into that folder.
 */
export function nestedCopy(
  plan: Plan,
  before: Plan,
  folder: string,
  isHere: (file: ListedFile) => boolean,
): NestedCopy | null {
  const inside = `/${folder}/`;
  for (const [path, { file: { size, modified } }] of plan.files) {
    if (before.files.has(path)) continue;
    const rooted = `/${path}`;
    for (let at = rooted.indexOf(inside); at >= 0; at = rooted.indexOf(inside, at + 1)) {
      const source = before.files.get(rooted.slice(at + inside.length))?.file;
      const isSame = source?.size === size && source.modified === modified;
      if (source && isSame && isHere(source)) {
        return { path, folder: rooted.slice(1, at + inside.length) };
      }
    }
  }
  return null;
}

/** The error that ends the run. */
export function nestedOutputError({ path, folder }: NestedCopy): UserError {
  return new UserError(
    `The server lists ${quoted(path)}, which this client has just downloaded: the output folder ` +
      "is inside the shared folder; choose another with --output, or exclude " +
      `${quoted(folder)} by a line with "!" before it`,
  );
}
