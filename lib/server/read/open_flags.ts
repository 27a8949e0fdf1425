/**
 * How shared files are opened. In a file of its own, so that the Worker that scans the folder starts
 * without `node:fs`.
 *
 * @module
 */
import { constants } from "node:fs";

/**
 * How shared files are opened: a named pipe in a file's place would keep a plain open
 * waiting without end, and a real path is never a link. Windows has neither.
 */
export const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOFOLLOW ?? 0);

/** Whether the flags are this system's: Deno 2.4 has those of macOS everywhere. */
export const HAS_OPEN_FLAGS = Deno.build.os !== "linux" || constants.O_NONBLOCK === 0x800;
