import assert from "node:assert/strict";
import { fromFileUrl } from "@std/path";
import { Program } from "../support/harness.ts";

const PROBE = fromFileUrl(new URL("../support/connecting_probe.ts", import.meta.url));

Deno.test("giveUpConnecting leaves a listener that accepts, and no way to connect or listen", async () => {
  const args = ["run", "--no-prompt", "--no-check", "--allow-net", PROBE];
  await using probe = new Program({ command: Deno.execPath(), args }, { cwd: Deno.cwd() });
  const lines = await probe.waitForOutput(/^(NotCapable\n){2}\d+\n/);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(lines.split("\n")[2]) });
  await conn.write(new TextEncoder().encode("hello"));
  const answer = new Uint8Array(5);
  await conn.read(answer);
  assert.equal(new TextDecoder().decode(answer), "hello");
  assert.equal((await probe.ended()).code, 0);
});
