/**
 * Which failures to reach a server do not pass. Pure.
 *
 * @module
 */
import { messageOf, ProtocolError, UserError, WireError } from "../../errors.ts";
import { EXIT_UNREACHABLE } from "../exit_code.ts";
import { formatServerAddress, type ServerAddress } from "./server_address.ts";

/**
 * What to tell the user of a failure that trying again will not mend.
 *
 * @param everConnected Whether there has been a connection: then the address is right.
 * @returns Null if it may pass.
 */
export function fatalError(
  address: ServerAddress,
  error: unknown,
  everConnected: boolean,
): UserError | null {
  const server = formatServerAddress(address);
  const because = (message: string) => new UserError(message, EXIT_UNREACHABLE, { cause: error });
  if (error instanceof WireError && error.code === "unauthorized") {
    return because(`Cannot log in to ${server}: ${messageOf(error)}`);
  }
  if (everConnected) return null;
  if (isLookupFailure(error)) {
    return because(
      `Cannot reach ${server}: there is no host "${address.hostname}"; check --server`,
    );
  }
  if (error instanceof ProtocolError) {
    return because(
      `Cannot talk to ${server}: it is no Sluice server (${messageOf(error)}); check --server`,
    );
  }
  return null;
}

function isLookupFailure(error: unknown): boolean {
  return /failed to lookup address|name or service not known|no such host|nodename nor servname/i
    .test(messageOf(error));
}
