/**
 * Names of hosts that resolve to several addresses, or not yet: in namespaces of their own, with
 * their own `/etc/hosts` and `/etc/resolv.conf`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { writeLine } from "../../lib/cli/main.ts";
import {
  errorOf,
  Program,
  programCommand,
  type ProgramResult,
  startServer,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

/** Runs a program as `"$0" "$@"` of a shell script in namespaces, with a file over a system's one. */
async function runWithFile(
  { root }: Workspace,
  [path, text]: readonly [path: string, text: string],
  unshare: string,
  args: readonly string[],
): Promise<ProgramResult | null> {
  const file = join(root, "system-file");
  await Deno.writeTextFile(file, text);
  const program = programCommand("client", args);
  const script = `mount --bind "${file}" ${path} || exit 99; exec "$0" "$@"`;
  const words = [unshare, "sh", "-c", script, program.command, ...program.args];
  try {
    await using client = new Program({ command: "unshare", args: words }, { cwd: root });
    const result = await client.ended();
    return result.code === 99 || /^unshare: /.test(result.stderr) ? skipped() : result;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return skipped();
  }
}

function skipped(): null {
  writeLine(Deno.stderr, "Skipped: this system has no namespaces for a file of its own");
  return null;
}

for (const args of [["--once", "--retry-for", "1", "--progress", "none"], ["--list"]]) {
  const command = ["client", ...args].join(" ");
  Deno.test(`${command} does not take an absent resolver for an absent host`, async () => {
    await using workspace = await Workspace.create();
    await workspace.setInput("a\n");
    const own = ["--input", workspace.input, "--output", workspace.output];
    const result = await runWithFile(
      workspace,
      ["/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"],
      "-rmn",
      [...own, "--server", "files.example.org", ...args],
    );
    if (result === null) return;
    assert.equal(result.code, 3, result.stderr);
    assert.match(
      result.stderr,
      errorOf("client", /Cannot reach files\.example\.org:9009: .+\n$/),
    );
    assert.doesNotMatch(result.stderr, /there is no host/);
  });
}

for (const [names, where] of [["::1 127.0.0.1", "second"], ["127.0.0.1 ::1", "first"]] as const) {
  Deno.test(`client downloads from a server on the ${where} address of a name`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1000 });
    await workspace.setInput("a.bin\n");
    await using server = await startServer(workspace);
    const hosts = names.split(" ").map((address) => `${address} files.test\n`).join("");
    const result = await runWithFile(workspace, ["/etc/hosts", hosts], "-rm", [
      ...["--server", `files.test:${server.port}`, "--once"],
      ...["--input", workspace.input, "--output", workspace.output],
    ]);
    if (result === null) return;
    assert.equal(result.code, 0, result.stderr);
    await workspace.assertArrived("a.bin");
  });
}

Deno.test("client names every address that it tried", async () => {
  await using workspace = await Workspace.create();
  const port = deadPort();
  const result = await runWithFile(
    workspace,
    ["/etc/hosts", "127.0.0.1 files.test\n127.0.0.2 files.test\n"],
    "-rm",
    ["--server", `files.test:${port}`, "--list"],
  );
  if (result === null) return;
  assert.equal(result.code, 3, result.stderr);
  const both = /tried 127\.0\.0\.1, 127\.0\.0\.2: Connection refused/;
  assert.match(result.stderr, both);
});

/** A port without a listener. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
