import assert from "node:assert/strict";
import { join } from "@std/path";
import { completionsFor, type Shell } from "../../lib/cli/completions.ts";
import { CLIENT_OPTIONS } from "../../lib/cli/client_options.ts";
import { writeLine } from "../../lib/cli/main.ts";
import { SERVER_OPTIONS } from "../../lib/cli/server_options.ts";
import { runProgram, tempFolder } from "../support/harness.ts";

const CLIENT = "sluice-client";

const ALL_FLAGS = CLIENT_OPTIONS.map(({ name }) => `--${name}`);

/** A shell's output; null, with a line that says why, if this machine lacks the shell. */
async function runShell(
  shell: Shell,
  args: readonly string[],
  cwd: string,
): Promise<string | null> {
  try {
    const command = new Deno.Command(shell, { args: [...args], cwd, stdin: "null" });
    const { stdout, stderr, success } = await command.output();
    const said = new TextDecoder().decode(stderr);
    assert.ok(success, said);
    assert.equal(said, "");
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    writeLine(Deno.stderr, `Skipped: this machine has no ${shell}`);
    return null;
  }
}

/** Words, and the completions of the last one in bash, in a folder with a file and a folder. */
const BASH_CASES: readonly (readonly [words: readonly string[], completed: readonly string[]])[] = [
  [["--ret"], ["--retry-for"]],
  [["--once", "--p"], ["--priority", "--progress"]],
  [["--progress", ""], ["auto", "bars", "plain", "json", "none"]],
  [["--progress", "=", "p"], ["plain"]],
  [["--progress", "="], ["auto", "bars", "plain", "json", "none"]],
  [["--verify", "n"], ["none"]],
  [["--input", "my"], ["my folder", "my list.txt"]],
  [["--output", "my"], ["my folder"]],
  [["--server", ""], []],
  [["comp"], ["completions"]],
  [["completions", ""], ["bash", "zsh", "fish"]],
  [["--"], ALL_FLAGS],
  [["zzz"], []],
];

for (const [words, completed] of BASH_CASES) {
  Deno.test(`completionsFor bash completes: ${CLIENT} ${words.join(" ")}`, async () => {
    await using folder = await tempFolder();
    await Deno.mkdir(join(folder.path, "my folder"));
    await Deno.writeTextFile(join(folder.path, "my list.txt"), "");
    const script = `${completionsFor("bash", CLIENT, CLIENT_OPTIONS)}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_sluice_client
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const printed = await runShell("bash", ["-c", script, "bash", CLIENT, ...words], folder.path);
    if (printed === null) return;
    const found = printed.split("\n").filter((line) => line !== "");
    assert.deepEqual(found.sort(), [...completed].sort());
  });
}

const FISH_CASES: readonly (readonly [line: string, completed: readonly string[]])[] = [
  ["--ret", ["--retry-for"]],
  ["--progress ", ["auto", "bars", "json", "none", "plain"]],
  ["--progress=p", ["--progress=plain"]],
  ["--output my", ["my folder/"]],
  ["--input my", ["my folder/", "my list.txt"]],
  ["comp", ["completions"]],
  ["completions ", ["bash", "fish", "zsh"]],
];

for (const [line, completed] of FISH_CASES) {
  Deno.test(`completionsFor fish completes: ${CLIENT} ${line}`, async () => {
    await using folder = await tempFolder();
    await Deno.mkdir(join(folder.path, "my folder"));
    await Deno.writeTextFile(join(folder.path, "my list.txt"), "");
    const script = `${completionsFor("fish", CLIENT, CLIENT_OPTIONS)}
complete -C '${CLIENT} ${line}'`;
    const printed = await runShell("fish", ["--no-config", "-c", script], folder.path);
    if (printed === null) return;
    const found = printed.split("\n").filter((row) => row !== "").map((row) => row.split("\t")[0]!);
    assert.deepEqual(found.filter((word) => !word.startsWith("-") || line.startsWith("-")).sort(), [
      ...completed,
    ]);
  });
}

for (
  const [program, options] of [[CLIENT, CLIENT_OPTIONS], ["sluice-server", SERVER_OPTIONS]] as const
) {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    Deno.test(`completionsFor ${shell} and ${program} returns a script that ${shell} can read`, async () => {
      await using folder = await tempFolder();
      const path = join(folder.path, "script");
      const script = completionsFor(shell, program, options);
      await Deno.writeTextFile(path, script);
      for (const { name } of options) assert.ok(script.includes(name), name);
      assert.equal(await runShell(shell, ["-n", path], folder.path) ?? "", "");
    });
  }
}

Deno.test("completionsFor zsh defines a completion that zsh accepts", async () => {
  await using folder = await tempFolder();
  const script = `autoload -Uz compinit; compinit -u -d ${join(folder.path, "dump")}
${completionsFor("zsh", CLIENT, CLIENT_OPTIONS)}
print -r -- $_comps[${CLIENT}]`;
  const printed = await runShell("zsh", ["-f", "-c", script], folder.path);
  if (printed !== null) assert.equal(printed, "_sluice_client\n");
});

for (const name of ["client", "server"] as const) {
  Deno.test(`${name} completions prints only the script`, async () => {
    await using folder = await tempFolder();
    const { code, stdout, stderr } = await runProgram(name, ["completions", "bash"], folder.path);
    assert.deepEqual([code, stderr], [0, ""]);
    const options = name === "client" ? CLIENT_OPTIONS : SERVER_OPTIONS;
    assert.equal(stdout, completionsFor("bash", `sluice-${name}`, options));
    const bad = await runProgram(name, ["completions", "csh"], folder.path);
    assert.deepEqual([bad.code, bad.stdout], [2, ""]);
    assert.match(bad.stderr, /^\w+: The command completions needs bash, zsh or fish, not "csh"\n$/);
  });
}
