/**
 * Failures to connect that a further attempt cannot solve. Pure.
 *
 * @module
 */
import { messageOf, ProtocolError, UserError, WireError } from "../../errors.ts";
import { NoSuchHostError } from "../../protocol/host_lookup.ts";
import { EXIT_UNREACHABLE } from "../exit_code.ts";
import { formatServerAddress, type ServerAddress } from "./server_address.ts";

/**
 * The message for the user about a failure that a further attempt cannot solve.
 *
 * @param everConnected Whether there has been a connection, so that the address is right.
 * @returns Null if the failure may be temporary.
 */
export function fatalError(
  address: ServerAddress,
  error: unknown,
  everConnected: boolean,
): UserError | null {
  const server = formatServerAddress(address);
  const fatal = (message: string) => new UserError(message, EXIT_UNREACHABLE, { cause: error });
  if (error instanceof WireError && error.code === "unauthorized") {
    return fatal(`Cannot log in to ${server}: ${messageOf(error)}`);
  }
  if (everConnected) return null;
  if (error instanceof NoSuchHostError) {
    return fatal(
      `Cannot reach ${server}: there is no host "${address.hostname}"; check --server`,
    );
  }
  if (error instanceof ProtocolError) {
    return fatal(
      `Cannot talk to ${server}: it is not a Sluice server (${messageOf(error)}); check --server`,
    );
  }
  return null;
}
