/**
 * Commands for the user to type. Pure.
 *
 * @module
 */
import { shellQuote } from "../text/shell_quote.ts";
import type { GivenNames } from "../client/input/given_names.ts";
import type { ClientCommand } from "./client_options.ts";
import { DEFAULT_PORT, formatServerAddress } from "../client/remote/server_address.ts";

/**
 * The command that removes leftovers.
 *
 * @param client The command that starts the client.
 */
export function cleanCommand(client: string, command: ClientCommand): string {
  return [client, "--clean", ...placeWords(command)].join(" ");
}

/** The command that resumes a run. */
export function resumeCommand(client: string, command: ClientCommand): string {
  const { server, input, once, verify, keepExisting } = command;
  const address = formatServerAddress(server);
  return [
    client,
    ...address === `127.0.0.1:${DEFAULT_PORT}` ? [] : ["--server", shellQuote(address)],
    ...placeWords(command),
    ...once && typeof input === "string" ? ["--once"] : [],
    ...verify ? [] : ["--verify none"],
    ...keepExisting ? ["--keep-existing"] : [],
    ...typeof input === "string" ? [] : nameWords(input),
  ].join(" ");
}

function placeWords({ input, output }: ClientCommand): string[] {
  return [
    ...typeof input !== "string" || input === "input.txt" ? [] : [withValue("input", input)],
    ...output === "Output" ? [] : [withValue("output", output)],
  ];
}

function nameWords({ names, priority }: GivenNames): string[] {
  return [
    ...priority === "NORMAL" ? [] : [`--priority ${priority}`],
    ...names.some((name) => name.startsWith("-")) ? ["--"] : [],
    ...names.map(shellQuote),
  ];
}

/** An option with a value, which may begin with a dash. */
function withValue(option: string, value: string): string {
  const isPlain = value === "-" || !value.startsWith("-");
  return `--${option}${isPlain ? " " : "="}${shellQuote(value)}`;
}
