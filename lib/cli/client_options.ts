/**
 * The client's command line. Pure.
 *
 * @module
 */
import {
  type GivenOptions,
  integerOption,
  type OptionSpec,
  parseCommandLine,
  refuseTogether,
  tableOf,
  wordOption,
} from "./command_line.ts";
import { UserError } from "../errors.ts";
import { quoted } from "../text/sanitize.ts";
import { type Shell, shellOf } from "./completions.ts";
import { assertNames, type InputSource } from "../client/input/given_names.ts";
import { PRIORITIES, priorityOf } from "../client/priority.ts";
import { parseServerAddress, type ServerAddress } from "../client/remote/server_address.ts";

const STYLES = ["auto", "bars", "plain", "json", "none"] as const;

/** The styles of progress display. */
export type ProgressStyle = typeof STYLES[number];

const VERIFICATIONS = ["sha256", "none"] as const;

/** Options that contradict names as arguments: they read the list, or ignore it. */
const WITHOUT_NAMES = ["input", "list", "clean"] as const;

/** The options, in the order of the help. */
export const CLIENT_OPTIONS: readonly OptionSpec[] = [
  { name: "server", letter: "s", summary: "the server, HOST:PORT", value: "text" },
  { name: "input", letter: "i", summary: "which files to download", value: "file" },
  { name: "priority", summary: "the priority of names that are arguments", value: PRIORITIES },
  { name: "output", letter: "o", summary: "where to put them", value: "folder" },
  { name: "verify", summary: "compare digests with the server's", value: VERIFICATIONS },
  { name: "keep-existing", summary: "keep files that are there, fail instead of replacing them" },
  { name: "once", letter: "1", summary: "exit when every named file is done or failed" },
  { name: "retry-for", summary: "seconds to keep reconnecting without progress", value: "text" },
  { name: "list", summary: "print the server's files and exit" },
  { name: "explain", summary: "print what would be done, change nothing, and exit" },
  { name: "clean", summary: "remove partial files that the input does not name" },
  { name: "progress", summary: "how progress is shown", value: STYLES },
  { name: "quiet", letter: "q", summary: "the same as --progress none" },
  { name: "report", summary: "write an HTML report of the run at its end", value: "file" },
  { name: "no-color", summary: "no colours" },
  { name: "ascii", summary: "draw bars with plain ASCII" },
  { name: "help", letter: "h", summary: "print the help and exit" },
  { name: "version", letter: "V", summary: "print the version and exit" },
];

/** Options that contradict each other. */
const CONTRADICTIONS = [
  ["list", "explain"],
  ["list", "clean"],
  ["explain", "clean"],
  ["list", "report"],
  ["explain", "report"],
  ["clean", "report"],
  ["quiet", "progress"],
] as const;

/** The client's parsed command line. */
export interface ClientCommand {
  readonly help: boolean;
  readonly version: boolean;
  /** The shell whose completions to print; null for none. */
  readonly completions: Shell | null;
  readonly list: boolean;
  readonly explain: boolean;
  readonly clean: boolean;
  readonly server: ServerAddress;
  readonly input: InputSource;
  readonly output: string;
  readonly once: boolean;
  readonly verify: boolean;
  readonly keepExisting: boolean;
  readonly progress: ProgressStyle;
  /** Path of the report; null for none. */
  readonly report: string | null;
  readonly color: boolean;
  readonly ascii: boolean;
  /** Milliseconds; Infinity for no limit. */
  readonly retryFor: number;
}

/** The default of `--retry-for` with `--once`, in seconds. */
const RETRY_ONCE_S = 60;

/** The text of `--help`. */
export const CLIENT_HELP = `\
sluice client: downloads the files that input.txt names, by priority

Usage: {command} [options] [NAME ...]
       {command} completions bash|zsh|fish

What to download:
  -s, --server HOST:PORT   the server               (default: 127.0.0.1:9009)
  -i, --input FILE         which files to download, - for standard input
                                                    (default: input.txt)
  NAME ...                 instead of a list: fetch these files, folders or
                           globs, then exit
  --priority CRITICAL|HIGH|NORMAL
                           the priority of such names
                                                    (default: NORMAL)
  -o, --output DIR         where to put them        (default: Output)
  --verify sha256|none     compare each file's digest with the server's
                                                    (default: sha256)
  --keep-existing          fail a file instead of replacing another one of its
                           name that this run did not put there

When to end:
  -1, --once               exit when every named file is done or failed; without
                           it the client runs until Ctrl+C and follows changes
                           of the input and of the server's files
  --retry-for SECONDS      how long to keep reconnecting without any progress
                           (default: 60 with --once, 0 with --list and
                           --explain, otherwise no limit)

What to do instead:
  --list                   print the server's files and exit
  --explain                print what each line of the input means and what
                           would happen to each file, change nothing, and exit
  --clean                  remove the partial files of unfinished downloads that
                           the input does not name, and exit

What to see:
  --progress auto|bars|plain|json|none
                           bars on a terminal, plain lines elsewhere; json: one
                           event a line on standard output
                                                    (default: auto)
  -q, --quiet              the same as --progress none
  --report FILE.html       at the end, write a report of the run with a plot
  --no-color               no colours, as with NO_COLOR=1
  --ascii                  draw bars with plain ASCII
  -h, --help               this text
  -V, --version            the version

The input has one entry a line: a name or a glob, then CRITICAL, HIGH or NORMAL
(the default), then a sha256: digest if you have one. Edit it while the client
runs: added, changed and deleted lines take effect within a second.

  ubuntu.iso        CRITICAL
  photos/*.jpg      HIGH
  notes from May.txt

Examples:
  # this machine's server, until Ctrl+C
  {command}
  # fetch all from there, then exit
  {command} --server 192.168.1.5:9009 --once
  # fetch these, then exit
  {command} ubuntu.iso 'photos/*.jpg' --priority HIGH
  # see what it shares
  {command} --server 192.168.1.5 --list
  # see what a run would do
  {command} --explain
  # fetch all, then write a report
  {command} --once --report run.html
  # complete the options of the executable in this shell
  source <(sluice-client completions bash)

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
  const completions = shellOf(args);
  const given = parseCommandLine(completions === null ? args : [], tableOf(CLIENT_OPTIONS, true));
  refuseTogether(given, CONTRADICTIONS);
  const input = inputOf(given);
  const once = given.flag("once") || typeof input !== "string";
  const list = given.flag("list");
  const explain = given.flag("explain");
  const retryFor = given.value("retry-for");
  const defaultRetry = list || explain ? 0 : once ? RETRY_ONCE_S : Infinity;
  return {
    help: given.flag("help"),
    version: given.flag("version"),
    completions,
    list,
    explain,
    clean: given.flag("clean"),
    server: parseServerAddress(given.value("server") ?? "127.0.0.1"),
    input,
    output: given.value("output") ?? "Output",
    once,
    verify: wordOption(given.value("verify") ?? "sha256", "verify", VERIFICATIONS) !== "none",
    keepExisting: given.flag("keep-existing"),
    progress: given.flag("quiet")
      ? "none"
      : wordOption(given.value("progress") ?? "auto", "progress", STYLES),
    report: given.value("report") ?? null,
    color: !given.flag("no-color"),
    ascii: given.flag("ascii"),
    retryFor: 1000 *
      (retryFor === undefined ? defaultRetry : integerOption(retryFor, "retry-for", 0, 1e9)),
  };
}

/** The path of the list, or the names that replace it. */
function inputOf(given: GivenOptions): InputSource {
  const { names } = given;
  const priority = given.value("priority");
  if (names.length === 0) {
    if (priority === undefined) return given.value("input") ?? "input.txt";
    throw new UserError("Option --priority needs file names as arguments; the list has its own");
  }
  for (const name of WITHOUT_NAMES) {
    if (given.has(name)) {
      const what = `Option --${name} and the argument ${quoted(names[0]!)}`;
      throw new UserError(`${what} contradict each other: leave one out`);
    }
  }
  const word = priority ?? "NORMAL";
  const source = { names, priority: priorityOf(word) ?? wordOption(word, "priority", PRIORITIES) };
  assertNames(source);
  return source;
}
