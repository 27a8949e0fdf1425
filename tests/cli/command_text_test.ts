import assert from "node:assert/strict";
import { cleanCommand, resumeCommand } from "../../lib/cli/command_text.ts";
import { parseClientCommand } from "../../lib/cli/client_options.ts";

for (
  const [args, resume, clean] of [
    [[], "client", "client --clean"],
    [
      ["--server", "[::1]:80", "--once", "--verify=none"],
      'client --server "[::1]:80" --once --verify none',
      "client --clean",
    ],
    [
      ["--input", "my list.txt", "--output", "/data/x", "--progress", "json"],
      'client --input "my list.txt" --output /data/x',
      'client --clean --input "my list.txt" --output /data/x',
    ],
    [
      ["a.iso", "--priority", "high", "my photos/"],
      'client --priority HIGH a.iso "my photos/"',
      "client --clean",
    ],
    [
      ["--output", "x", "--", "--help", "a"],
      "client --output x -- --help a",
      "client --clean --output x",
    ],
  ] as const
) {
  Deno.test(`resumeCommand repeats the options that matter of: client ${args.join(" ")}`, () => {
    const command = parseClientCommand(args);
    assert.equal(resumeCommand("client", command), resume);
    assert.equal(cleanCommand("client", command), clean);
    const again = parseClientCommand(wordsOf(resume).slice(1));
    assert.deepEqual({ ...again, progress: command.progress }, command);
  });
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
