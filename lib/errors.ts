/**
 * The errors that callers distinguish. All other code throws built-in classes.
 *
 * @module
 */

/** The peer broke the wire protocol (`docs/protocol.md`); the connection cannot go on. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** The connection broke in mid-message, or was silent for too long. */
export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}

/** Thrown if a file cannot be put where it belongs. */
export class OutputError extends Error {
  override name = "OutputError";
  /** What the user can do; undefined if the error's cause says it. */
  readonly advice: string | undefined;

  /** @param message The reason, as a clause. */
  constructor(
    message: string,
    options: ErrorOptions & { readonly advice?: string | undefined } = {},
  ) {
    super(message, options);
    this.advice = options.advice;
  }
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

/** A failure with a code on the wire: the response to a request, or the end of a connection. */
export class WireError extends Error {
  override name = "WireError";

  /**
   * @param code The kind of failure.
   * @param message One sentence for the user, without paths of this machine.
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

/** The text of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code of an error, such as `ENOSPC`; undefined if it has none. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as { readonly code?: string }).code : undefined;
}

/** The reason for a lack of permission, as a clause; undefined if the error has another cause. */
export function describeDenial(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno opens it only for a program with all permissions";
  }
  return error instanceof Deno.errors.PermissionDenied
    ? "this user has no permission for it"
    : undefined;
}
