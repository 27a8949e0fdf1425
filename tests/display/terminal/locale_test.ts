import assert from "node:assert/strict";
import { isUnicodeLocale, readPermitted } from "../../../lib/display/terminal/locale.ts";

for (
  const [variables, unicode] of [
    [{}, true],
    [{ LANG: "de_DE.UTF-8" }, true],
    [{ LANG: "C" }, false],
    [{ LANG: "de_DE@euro" }, false],
    [{ LANG: "C", LC_ALL: "C.utf8" }, true],
    [{ LANG: "C.UTF-8", LC_CTYPE: "POSIX" }, false],
    [{ LANG: "en_US.utf8", LC_CTYPE: "", LC_ALL: "" }, true],
  ] as readonly [Readonly<Record<string, string>>, boolean][]
) {
  Deno.test(`isUnicodeLocale is ${unicode} for ${JSON.stringify(variables)}`, () => {
    assert.equal(isUnicodeLocale((name) => variables[name]), unicode);
  });
}

Deno.test("readPermitted prompts for no permission", () => {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "LANG" });
  if (state === "granted") assert.equal(readPermitted("LANG"), Deno.env.get("LANG"));
  else assert.equal(readPermitted("LANG"), undefined);
});
