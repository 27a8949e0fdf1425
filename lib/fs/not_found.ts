/**
 * Calls on paths where nothing may be.
 *
 * @module
 */

/** Whether a call failed because nothing is at its path. */
function isNotFound(error: unknown): boolean {
  // Any other error, such as a lack of descriptors, says nothing about what is there.
  return error instanceof Deno.errors.NotFound;
}

/** The result of a call, or null if nothing is at its path. */
export async function nullIfNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    // A link that leads nowhere; Deno 2.4 calls one that leads to nothing so, too.
    if (error instanceof Deno.errors.FilesystemLoop || isNotFound(error)) return null;
    throw error;
  }
}

/** The metadata of a file or link, or null if there is none. */
export function lstatOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Removes a file or an empty folder, if it is there. */
export function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
