/**
 * File system calls on paths that may not exist.
 *
 * @module
 */

/** Whether a call failed because its path does not exist. */
function isNotFound(error: unknown): boolean {
  // Any other error, such as a lack of descriptors, does not show that the path is absent.
  return error instanceof Deno.errors.NotFound;
}

/** The result of a call, or null if its path does not exist. */
export async function nullIfNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    // A circular link; Deno 2.4 reports a dangling link with this error, too.
    if (error instanceof Deno.errors.FilesystemLoop || isNotFound(error)) return null;
    throw error;
  }
}

/** The metadata of a file or link, or null if it does not exist. */
export function lstatOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Removes a file or an empty folder if it exists. */
export function removeIfExists(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
