/**
 * Commands for the user to type. Pure.
 *
 * @module
 */
import type { ClientCommand } from "./options.ts";
import { DEFAULT_PORT, formatServerAddress } from "./server_address.ts";

/** What a shell takes for one plain word. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** What some shell takes for more than a letter in double quotes. */
const ACTIVE_IN_QUOTES = /["$`!%]|\\\\|\\$/;

/** What removes what is kept of unfinished files. */
export function cleanCommand(command: ClientCommand): string {
  return ["client --clean", ...placeWords(command)].join(" ");
}

/** What goes on where a run has ended. */
export function resumeCommand(command: ClientCommand): string {
  const { server, once, verify } = command;
  const address = formatServerAddress(server);
  return [
    "client",
    ...address === `127.0.0.1:${DEFAULT_PORT}` ? [] : ["--server", shellWord(address)],
    ...placeWords(command),
    ...once ? ["--once"] : [],
    ...verify ? [] : ["--verify none"],
  ].join(" ");
}

/** A text as one word of a command line: in quotes that all shells know, if that is possible. */
export function shellWord(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  return ACTIVE_IN_QUOTES.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}

function placeWords({ input, output }: ClientCommand): string[] {
  return [
    ...input === "input.txt" ? [] : ["--input", shellWord(input)],
    ...output === "Output" ? [] : ["--output", shellWord(output)],
  ];
}
