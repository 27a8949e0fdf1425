import assert from "node:assert/strict";
import { fromFileUrl } from "@std/path";

const MODULE = new URL("../../../lib/display/terminal/terminal.ts", import.meta.url);
const CONFIG = fromFileUrl(new URL("../../../deno.json", import.meta.url));

/** The drawing limits of a program that may read the given environment. */
async function drawingIn(
  environment: Readonly<Record<string, string>>,
  choice: { readonly color: boolean; readonly ascii: boolean },
): Promise<unknown> {
  const code = `import { drawingFor } from ${JSON.stringify(MODULE.href)};
    await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(
      drawingFor(${JSON.stringify(choice)}))));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--config", CONFIG, code],
    env: { LC_ALL: "", LC_CTYPE: "", LANG: "", NO_COLOR: "", ...environment },
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr));
}

for (
  const [environment, choice, drawing] of [
    [{}, { color: true, ascii: false }, { color: true, unicode: true }],
    [{}, { color: false, ascii: true }, { color: false, unicode: false }],
    [{ NO_COLOR: "1" }, { color: true, ascii: false }, { color: false, unicode: true }],
    [{ LANG: "C" }, { color: true, ascii: false }, { color: true, unicode: false }],
  ] as const
) {
  const limits = `${JSON.stringify(choice)} in ${JSON.stringify(environment)}`;
  Deno.test(`drawingFor follows ${limits}`, async () => {
    assert.deepEqual(await drawingIn(environment, choice), drawing);
  });
}
