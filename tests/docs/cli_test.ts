import assert from "node:assert/strict";
import { CLIENT_HELP } from "../../lib/cli/client_options.ts";
import { SERVER_HELP } from "../../lib/cli/server_options.ts";
import { readDocument } from "../support/documents.ts";

Deno.test("docs/cli.md has the help of both programs verbatim", async () => {
  const { text } = await readDocument("docs/cli.md");
  for (const [program, help] of [["server", SERVER_HELP], ["client", CLIENT_HELP]]) {
    const command = `npx -y deno@2.9.6 task ${program}`;
    const printed = help!.replaceAll("{command}", command);
    const shown = `\`\`\`\n$ ${command} --help\n${printed}\`\`\``;
    assert.ok(text.includes(shown), `the help of ${program} differs`);
  }
});
