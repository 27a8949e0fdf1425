import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { commandFor, PERMISSIONS, type Start, userArgs } from "../../lib/cli/own_command.ts";

const START: Start = {
  args: [],
  executable: null,
  entry: "/src/sluice/client.ts",
  folder: "/home/me",
  deno: "2.9.6",
  platform: "linux",
};

Deno.test("commandFor repeats how the program was started", () => {
  const task = (by: string) => ({ args: [`--started-by=task:${by}`, "--once"] });
  for (
    const [start, client, server] of [
      [task("exec"), "npx -y deno@2.9.6 task client", "npx -y deno@2.9.6 task server"],
      [task(""), "deno task client", "deno task server"],
      [task("run-script"), "deno task client", "deno task server"],
      [
        { args: ["--once"] },
        "deno run --allow-net --allow-read --allow-write --allow-sys=statfs /src/sluice/client.ts",
        "deno run --allow-net --allow-read --allow-sys=statfs /src/sluice/server.ts",
      ],
      [{ executable: "/home/me/sluice-client" }, "./sluice-client", "./sluice-server"],
      [{ executable: "/opt/sluice-client" }, "/opt/sluice-client", "/opt/sluice-server"],
      [
        { executable: "/my tools/sluice-client-x86_64" },
        '"/my tools/sluice-client-x86_64"',
        '"/my tools/sluice-server-x86_64"',
      ],
    ] as const
  ) {
    assert.equal(commandFor("client", { ...START, ...start }), client);
    assert.equal(commandFor("server", { ...START, ...start }), server);
  }
});

Deno.test("userArgs has the user's arguments only", () => {
  assert.deepEqual(userArgs(["--started-by=task:exec", "--once"]), ["--once"]);
  assert.deepEqual(userArgs(["--once", "--started-by=task:"]), ["--once", "--started-by=task:"]);
  assert.deepEqual(userArgs([]), []);
});

Deno.test("the tasks have the permissions of the printed commands, and say that they are tasks", () => {
  for (const program of ["client", "server"] as const) {
    assert.equal(
      config.tasks[program].command,
      `deno run --frozen --no-prompt ${
        PERMISSIONS[program]
      } ${program}.ts --started-by=task:$npm_command`,
    );
  }
});
