/**
 * The server's command line. Pure.
 *
 * @module
 */
import {
  integerOption,
  type OptionSpec,
  parseCommandLine,
  tableOf,
  wordOption,
} from "./command_line.ts";
import { type Shell, shellOf } from "./completions.ts";
import type { LogStyle } from "../server/log.ts";
import type { ServerOptions } from "../server/server.ts";

/** The server's parsed command line. */
export interface ServerCommand extends Omit<ServerOptions, "log"> {
  readonly help: boolean;
  readonly version: boolean;
  readonly logStyle: LogStyle;
  readonly color: boolean;
  readonly ascii: boolean;
  /** The shell whose completions to print; null for none. */
  readonly completions: Shell | null;
}

/** The options, in the order of the help. */
export const SERVER_OPTIONS: readonly OptionSpec[] = [
  { name: "dir", summary: "the folder to share", value: "folder" },
  { name: "host", summary: "address to listen on", value: ["127.0.0.1", "0.0.0.0"] },
  { name: "port", summary: "port to listen on", value: "text" },
  { name: "hidden", summary: "also share names that begin with a dot" },
  { name: "max-clients", summary: "clients at a time", value: "text" },
  { name: "max-clients-per-address", summary: "clients at a time from one address", value: "text" },
  { name: "memory", summary: "MiB for all clients' buffers together", value: "text" },
  { name: "log", summary: "how the log is written", value: ["text", "json"] },
  { name: "no-color", summary: "no colours" },
  { name: "ascii", summary: "draw the table with plain ASCII" },
  { name: "help", letter: "h", summary: "print the help and exit" },
  { name: "version", letter: "V", summary: "print the version and exit" },
];

const MIB = 1024 * 1024;

/** The text of `--help`. */
export const SERVER_HELP = `\
sluice server: shares a folder with Sluice clients

Usage: {command} [options]
       {command} completions bash|zsh|fish

What to share, and with whom:
  --dir DIR     the folder to share, with its subfolders   (default: files)
  --host ADDR   address to listen on; 0.0.0.0 or :: opens  (default: 127.0.0.1)
                the folder to the network
  --port N      port to listen on; 0 picks a free one      (default: 9009)
  --hidden      also share names that begin with a dot

Limits:
  --max-clients N               clients at a time          (default: 1024)
  --max-clients-per-address N   clients from one address   (default: 64)
  --memory MIB                  memory for all clients' buffers together
                                                           (default: 256)

What to see:
  --log text|json   how the log is written: lines for people, or one JSON object
                    a line for programs                    (default: text)
  --no-color        no colours, as with NO_COLOR=1
  --ascii           draw the table with plain ASCII
  -h, --help        this text
  -V, --version     the version

Once the server accepts clients, it prints one line with its port on standard
output. The log goes to standard error; on a terminal, a live table of clients
follows it. Ctrl+C stops accepting, lets chunks in flight finish for at most
5 seconds, and prints totals; a second Ctrl+C ends the server at once.

Examples:
  # share files/ with this machine
  {command}
  # share /data with the network
  {command} --dir /data --host 0.0.0.0
  # pick a free port and print it
  {command} --dir /data --port 0

Exit codes: 0 ended by Ctrl+C or SIGTERM; 2 an option is wrong, the folder
cannot be read, or the address and port cannot be listened on.
`;

/**
 * Reads the command line.
 *
 * @throws {UserError} If it is wrong.
 */
export function parseServerCommand(args: readonly string[]): ServerCommand {
  const completions = shellOf(args);
  const given = parseCommandLine(completions === null ? args : [], tableOf(SERVER_OPTIONS));
  const number = (name: string, byDefault: string, min: number, max: number) =>
    integerOption(given.value(name) ?? byDefault, name, min, max);
  return {
    help: given.flag("help"),
    version: given.flag("version"),
    completions,
    dir: given.value("dir") ?? "files",
    host: given.value("host") ?? "127.0.0.1",
    port: number("port", "9009", 0, 65535),
    hidden: given.flag("hidden"),
    maxClients: number("max-clients", "1024", 1, 1e6),
    maxClientsPerAddress: number("max-clients-per-address", "64", 1, 1e6),
    logStyle: wordOption(given.value("log") ?? "text", "log", ["text", "json"]),
    color: !given.flag("no-color"),
    ascii: given.flag("ascii"),
    memory: MIB * number("memory", "256", 16, 1e6),
  };
}
