/**
 * Files that may not be there.
 *
 * @module
 */

/** What was read, or null if there is no such file. */
export async function unlessMissing<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    // A link that leads nowhere; Deno 2.4 calls one that leads to nothing so, too.
    if (error instanceof Deno.errors.FilesystemLoop) return null;
    // Anything else, such as a lack of descriptors, says nothing about what is there.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
