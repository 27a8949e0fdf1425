/**
 * The errors that callers tell apart. Everything else throws built-in classes.
 *
 * @module
 */

/** The peer sent bytes that `protocol.md` does not allow; the connection cannot go on. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** The connection ended in the middle of something, or nothing came over it for too long. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}

/** The codes of `ERROR` messages. */
export const ERROR_CODES = [
  "not-found",
  "changed",
  "bad-request",
  "read-failed",
  "busy",
  "unauthorized",
  "timeout",
  "protocol",
  "shutting-down",
] as const;

/** One of the codes of `ERROR` messages. */
export type ErrorCode = typeof ERROR_CODES[number];

/** A failure that has a code on the wire: an answer to one request, or the end of a connection. */
export class WireError extends Error {
  override name = "WireError";

  /**
   * @param code What kind of failure it is.
   * @param message One sentence for people, without paths of this machine.
   */
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The command line or its surroundings are wrong: one line for the user, and an exit code. */
export class UserError extends Error {
  override name = "UserError";

  /**
   * @param message One line: what is wrong, where, and what to do.
   * @param exitCode The program's exit code; 2 is "usage".
   */
  constructor(message: string, readonly exitCode: number = 2, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What somebody can do who may not use a path or an address, if that is why something failed. */
export function describeDenial(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno lets no program in there without all its permissions";
  }
  return error instanceof Deno.errors.PermissionDenied
    ? "this user has no permission for it"
    : undefined;
}
