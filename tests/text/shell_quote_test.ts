import assert from "node:assert/strict";
import { shellQuote } from "../../lib/text/shell_quote.ts";

Deno.test("shellQuote makes one word of any text", async () => {
  const texts = [
    "a",
    "a b",
    "$HOME",
    "it's",
    '"',
    "`x`",
    "a\\",
    "\\\\",
    "!x",
    "*",
    "日本",
    "",
    "~",
  ];
  const script = `printf '%s\\n' ${texts.map(shellQuote).join(" ")}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.equal(new TextDecoder().decode(stdout), texts.map((text) => `${text}\n`).join(""));
});
