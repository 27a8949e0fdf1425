/**
 * Shell completions, generated from the table of options. Pure.
 *
 * @module
 */
import type { OptionSpec } from "./command_line.ts";
import { UserError } from "../errors.ts";

/** The supported shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A supported shell. */
export type Shell = typeof SHELLS[number];

const COMMAND = "completions";

/**
 * The shell of a command line `completions SHELL`; null if it is another command line.
 *
 * @throws {UserError} If the shell is missing or unknown, or another argument follows.
 */
export function shellOf(args: readonly string[]): Shell | null {
  const [command, name, ...rest] = args;
  if (command !== COMMAND) return null;
  const shell = SHELLS.find((shell) => shell === name);
  if (shell !== undefined && rest.length === 0) return shell;
  const given = name === undefined ? "" : `, not "${[name, ...rest].join(" ")}"`;
  throw new UserError(`The command ${COMMAND} needs bash, zsh or fish${given}`);
}

/**
 * The completion script for a shell.
 *
 * @param program The command that starts the program.
 */
export function completionsFor(
  shell: Shell,
  program: string,
  options: readonly OptionSpec[],
): string {
  return { bash, zsh, fish }[shell](program, options);
}

function bash(program: string, options: readonly OptionSpec[]): string {
  const name = functionName(program);
  const cases = options.flatMap(({ name, value }) => {
    if (value === undefined) return [];
    return [`    --${name}) ${bashValues(value)} ;;`];
  });
  const flags = options.map(({ name }) => `--${name}`).join(" ");
  return `\
# Completions of ${program} for bash. To enable them: source <(${program} completions bash)
${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} IFS=$'\\n'
  COMPREPLY=()
  # bash splits --option=value into three words.
  if [[ $word == "=" ]]; then
    word=
  elif [[ $before == "=" ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $before in
${cases.join("\n")}
    ${COMMAND}) ${bashValues(SHELLS)} ;;
    *) ${bashValues([COMMAND, ...flags.split(" ")])} ;;
  esac
}
complete -F ${name} ${program}
`;
}

function bashValues(value: NonNullable<OptionSpec["value"]>): string {
  if (value === "text") return ":";
  const files = "compopt -o filenames 2>/dev/null; ";
  if (value === "file") return `${files}COMPREPLY=($(compgen -f -- "$word"))`;
  if (value === "folder") return `${files}COMPREPLY=($(compgen -d -- "$word"))`;
  return `COMPREPLY=($(IFS=' '; compgen -W '${value.join(" ")}' -- "$word"))`;
}

function zsh(program: string, options: readonly OptionSpec[]): string {
  const rows = options.map(({ name, summary, value }) => {
    const text = summary.replace(/[\\[\]:]/g, "\\$&");
    const row = value === undefined
      ? `--${name}[${text}]`
      : `--${name}=[${text}]:${name}:${zshValues(value)}`;
    return `    ${quoted(row)}`;
  });
  return `\
#compdef ${program}
# Completions of ${program} for zsh. To enable them: source <(${program} completions zsh)
${functionName(program)}() {
  if (( CURRENT == 3 )) && [[ $words[2] == ${COMMAND} ]]; then
    compadd ${SHELLS.join(" ")}
    return
  fi
  (( CURRENT == 2 )) && [[ $PREFIX != -* ]] && compadd ${COMMAND}
  _arguments \\
${rows.join(" \\\n")}
}
compdef ${functionName(program)} ${program}
`;
}

function zshValues(value: NonNullable<OptionSpec["value"]>): string {
  if (value === "text") return " ";
  if (value === "file") return "_files";
  if (value === "folder") return "_files -/";
  return `(${value.map((word) => word.replaceAll(":", "\\:")).join(" ")})`;
}

function fish(program: string, options: readonly OptionSpec[]): string {
  const rows = options.map(({ name, letter, summary, value }) =>
    `complete -c ${program} -l ${name}${letter ? ` -s ${letter}` : ""} -d ${quoted(summary)}${
      fishValues(value)
    }`
  );
  return `\
# Completions of ${program} for fish. To enable them: ${program} completions fish | source
complete -c ${program} -f
complete -c ${program} -n __fish_is_first_token -a ${COMMAND} -d 'print completions for a shell'
complete -c ${program} -n '__fish_seen_subcommand_from ${COMMAND}' -a '${SHELLS.join(" ")}'
${rows.join("\n")}
`;
}

function fishValues(value: OptionSpec["value"]): string {
  if (value === undefined) return "";
  if (value === "text") return " -x";
  if (value === "file") return " -r -F";
  if (value === "folder") return " -x -a '(__fish_complete_directories)'";
  return ` -x -a '${value.join(" ")}'`;
}

function functionName(program: string): string {
  return `_${program.replaceAll(/\W/g, "_")}`;
}

/** In single quotes, which all three shells understand. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
