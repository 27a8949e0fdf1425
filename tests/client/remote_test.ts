import assert from "node:assert/strict";
import { Remote } from "../../lib/client/remote.ts";
import { ConnectionLostError, ProtocolError } from "../../lib/errors.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import { type Draft, encodeDrafts } from "../fuzz/mutate.ts";
import { CHUNK, FILE, serverDrafts } from "../fuzz/sessions.ts";

for (
  const [name, wrong] of [
    ["at another place", { offset: 1 }],
    ["of another length", { payload: new Uint8Array(CHUNK - 1) }],
  ] as const
) {
  Deno.test(`Remote tells who asked for a chunk that the one that came is ${name}`, async () => {
    const drafts = serverDrafts().map((draft): Draft =>
      draft.type === MessageType.CHUNK ? { ...draft, ...wrong } : draft
    );
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using conn = await listener.accept();
      const bytes = encodeDrafts(drafts);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      await conn.read(new Uint8Array(1000));
    })();
    const address = { hostname: "127.0.0.1", port: listener.addr.port };
    using remote = await Remote.connect(address, new AbortController().signal);
    const failures: Error[] = [];
    const { path, version } = FILE;
    const request = {
      path,
      version,
      length: CHUNK,
      failed: (error: Error) => failures.push(error),
    };
    const arrived = () => assert.fail("A wrong chunk arrived");
    remote.get([0, CHUNK].map((offset) => ({ ...request, offset, arrived })));
    const run = remote.run({ listChanged: () => {}, answered: () => {} });
    await assert.rejects(run, ProtocolError);
    assert.equal(failures.length, 2);
    assert.ok(failures.every((error) => error instanceof ConnectionLostError));
    await serving;
  });
}
