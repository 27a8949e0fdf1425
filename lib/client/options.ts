/**
 * The client's command line. Pure.
 *
 * @module
 */
import { integerOption, parseCommandLine, wordOption } from "../command_line.ts";
import { parseServerAddress, type ServerAddress } from "./server_address.ts";

/** How progress is shown. */
export type ProgressStyle = "auto" | "bars" | "plain" | "none";

/** What the user asked for. */
export interface ClientCommand {
  readonly help: boolean;
  readonly version: boolean;
  readonly list: boolean;
  readonly explain: boolean;
  readonly clean: boolean;
  readonly server: ServerAddress;
  readonly input: string;
  readonly output: string;
  readonly once: boolean;
  readonly verify: boolean;
  readonly progress: ProgressStyle;
  /** Milliseconds; Infinity for ever. */
  readonly retryFor: number;
}

/** How long `--once` keeps reconnecting without any progress, in seconds. */
const RETRY_ONCE_S = 60;

/** The text of `--help`. */
export const CLIENT_HELP = `\
sluice client: downloads the files that input.txt names, by priority

Usage: client [options]

  --server HOST:PORT       the server               (default: 127.0.0.1:9009)
  --input FILE             which files to download  (default: input.txt)
  --output DIR             where to put them        (default: Output)
  --once                   exit when every file named is done or failed; without
                           it the client stays, watching the input and the
                           server, until Ctrl+C
  --list                   print the server's files and exit
  --explain                print what each line of the input means and what
                           would become of each file, change nothing, and exit
  --clean                  remove what is kept of unfinished files that the
                           input does not name (any more), and exit

  --verify sha256|none     compare each file's digest with the server's
                                                    (default: sha256)
  --progress auto|bars|plain|none
                           bars on a terminal, plain lines elsewhere
                                                    (default: auto)
  --retry-for SECONDS      how long to keep reconnecting without any progress
                           (default: 60 with --once, 0 with --list and
                           --explain, else for ever)

  --help                   this text
  --version                the version

The input has one entry a line: a name or a glob, then CRITICAL, HIGH or NORMAL
(the default), then a sha256: digest if you have one. Edit it while the client
runs: lines that are added, changed or deleted count within a second.

  ubuntu.iso        CRITICAL
  photos/*.jpg      HIGH
  notes from May.txt

Examples:
  client                                     this machine's server, until Ctrl+C
  client --server 192.168.1.5:9009 --once    fetch all from there, then exit
  client --server 192.168.1.5 --list         see what there is
  client --explain                           see what would be done

Exit codes: 0 all done; 1 some file failed or was never found; 2 an option or
the input is wrong; 3 cannot reach or log in to the server; 4 a file failed its
verification; 130 interrupted with files unfinished.
`;

/**
 * Reads the command line.
 *
 * @throws {UserError} If it is wrong.
 */
export function parseClientCommand(args: readonly string[]): ClientCommand {
  const given = parseCommandLine(args, {
    values: ["server", "input", "output", "verify", "progress", "retry-for"],
    flags: ["once", "list", "explain", "clean", "help", "version"],
  });
  const once = given.flag("once");
  const list = given.flag("list");
  const explain = given.flag("explain");
  const retryFor = given.value("retry-for");
  const defaultRetry = list || explain ? 0 : once ? RETRY_ONCE_S : Infinity;
  return {
    help: given.flag("help"),
    version: given.flag("version"),
    list,
    explain,
    clean: given.flag("clean"),
    server: parseServerAddress(given.value("server") ?? "127.0.0.1"),
    input: given.value("input") ?? "input.txt",
    output: given.value("output") ?? "Output",
    once,
    verify: wordOption(given.value("verify") ?? "sha256", "verify", ["sha256", "none"]) !== "none",
    progress: wordOption(given.value("progress") ?? "auto", "progress", [
      "auto",
      "bars",
      "plain",
      "none",
    ]),
    retryFor: 1000 *
      (retryFor === undefined ? defaultRetry : integerOption(retryFor, "retry-for", 0, 1e9)),
  };
}
