/**
 * Connecting for the commands that need the server once: `--list` and `--explain`.
 *
 * @module
 */
import { backoff } from "../client/remote/backoff.ts";
import { EXIT_UNREACHABLE } from "../client/exit_code.ts";
import type { ClientCommand } from "./client_options.ts";
import { ServerConnection } from "../client/remote/server_connection.ts";
import { formatServerAddress, type ServerAddress } from "../client/remote/server_address.ts";
import { fatalError } from "../client/remote/fatal_error.ts";
import { messageOf, UserError } from "../errors.ts";
import { sleep } from "../async/sleep.ts";

/**
 * Connects to the server, retrying for as long as `--retry-for` allows.
 *
 * @returns The connection; null if interrupted.
 * @throws {UserError} If the server cannot be reached.
 */
export async function connectWithRetry(
  { server, retryFor }: ClientCommand,
  signal: AbortSignal,
): Promise<ServerConnection | null> {
  const giveUpAt = performance.now() + retryFor;
  for (let attempt = 0;; attempt++) {
    try {
      return await ServerConnection.connect(server, signal);
    } catch (error) {
      const delay = backoff(attempt, Math.random());
      if (signal.aborted) return null;
      const fatal = fatalError(server, error, false);
      if (fatal) throw fatal;
      if (performance.now() + delay > giveUpAt) throw unreachable(server, messageOf(error), error);
      await sleep(delay, signal);
    }
  }
}

/** The error for a server that cannot be reached. */
export function unreachable(server: ServerAddress, reason: string, cause?: unknown): UserError {
  const message = `Cannot reach ${formatServerAddress(server)}: ${reason}; check --server`;
  return new UserError(message, EXIT_UNREACHABLE, { cause });
}
