import assert from "node:assert/strict";
import { CLIENT_HELP } from "../../lib/cli/client_options.ts";
import { SERVER_HELP } from "../../lib/cli/server_options.ts";
import config from "../../deno.json" with { type: "json" };

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

Deno.test("README has the help of both programs verbatim", () => {
  for (const [program, help] of [["server", SERVER_HELP], ["client", CLIENT_HELP]]) {
    const shown = `\`\`\`\n$ npx -y deno@2.9.6 task ${program} --help\n${help}\`\`\``;
    assert.ok(readme.includes(shown), `the help of ${program} differs`);
  }
});

Deno.test("README names every package of the import map, and no other", () => {
  const packages = Object.keys(config.imports).map((name) =>
    name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0]
  );
  const section = readme.slice(readme.indexOf("### Packages"));
  const rows = [...section.matchAll(/^\| `([@a-z/-]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(rows), new Set(packages));
});

Deno.test("README names only tasks that there are", () => {
  const named = [...readme.matchAll(/deno@2\.9\.6 task ([a-z]+)/g)].map(([, task]) => task!);
  assert.ok(named.length > 0);
  for (const task of named) assert.ok(task in config.tasks, task);
});
