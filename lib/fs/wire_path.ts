/**
 * Parts of paths as they are sent, with `/` between folders on every system. Pure.
 *
 * @module
 */

/** The path of the folder that holds a file; empty for the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The name of a file in its folder. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
