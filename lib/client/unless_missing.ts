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
    // Anything else, such as a lack of descriptors, says nothing about what is there.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
