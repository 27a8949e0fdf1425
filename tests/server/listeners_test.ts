import assert from "node:assert/strict";
import { listenOnAll, listenOnEach } from "../../lib/server/listeners.ts";
import { addressesOf } from "../../lib/protocol/host_lookup.ts";

Deno.test("listenOnAll listens on every address of a name that this machine has, on one port", async () => {
  const listeners = await listenOnAll("localhost", 0);
  try {
    const addresses = await addressesOf("localhost");
    const listening = listeners.map(({ addr }) => addr.hostname);
    assert.deepEqual(listening, addresses.filter((address) => listening.includes(address)));
    assert.ok(listening.length > 0);
    assert.equal(new Set(listeners.map(({ addr }) => addr.port)).size, 1);
  } finally {
    for (const listener of listeners) listener.close();
  }
});

Deno.test("listenOnAll fails if the port is in use", async () => {
  const [first] = await listenOnAll("127.0.0.1", 0);
  using _first = first;
  await assert.rejects(listenOnAll("127.0.0.1", first!.addr.port), Deno.errors.AddrInUse);
});

/** Listeners on fake addresses; `taken` are pairs of an address and a port. */
function fakeListen({ absent = [], taken = [] }: { absent?: string[]; taken?: string[] }) {
  const open = new Set<string>();
  let free = 5000;
  const listen = ({ hostname, port }: { hostname: string; port: number }) => {
    if (absent.includes(hostname)) throw new Deno.errors.AddrNotAvailable("no");
    const addr = { hostname, port: port === 0 ? free++ : port };
    const name = `${hostname} ${addr.port}`;
    if (taken.includes(name)) throw new Deno.errors.AddrInUse("no");
    open.add(name);
    return { addr, close: () => open.delete(name) };
  };
  return { open, listen };
}

Deno.test("listenOnEach leaves out addresses that this machine lacks", () => {
  const { open, listen } = fakeListen({ absent: ["::1"] });
  assert.equal(listenOnEach(["::1", "127.0.0.1"], 80, listen).length, 1);
  assert.deepEqual([...open], ["127.0.0.1 80"]);
  assert.throws(() => listenOnEach(["::1"], 80, listen), Deno.errors.AddrNotAvailable);
});

Deno.test("listenOnEach picks a port that is free on all addresses", () => {
  const { open, listen } = fakeListen({ taken: ["b 5000", "b 5001"] });
  listenOnEach(["a", "b"], 0, listen);
  assert.deepEqual([...open], ["a 5002", "b 5002"]);
});

Deno.test("listenOnEach closes what it has opened when a given port is in use", () => {
  const { open, listen } = fakeListen({ taken: ["b 80"] });
  assert.throws(() => listenOnEach(["a", "b"], 80, listen), Deno.errors.AddrInUse);
  assert.deepEqual([...open], []);
});
