import assert from "node:assert/strict";
import { ClientRates } from "../../../lib/display/server/client_rates.ts";
import { client } from "../../support/server_view_fixture.ts";

const MIB = 1024 ** 2;

Deno.test("ClientRates measures the rate of each client", () => {
  const rates = new ClientRates();
  const [fast, slow] = [client("a", 0), client("b", 0)];
  for (let now = 0; now <= 5000; now += 250) {
    [fast.bytesSent, slow.bytesSent] = [now * 4000, now * 1000];
    rates.sample([fast, slow], now);
  }
  const measured = rates.ordered(5000).map((
    { client, rate },
  ) => [client.address, Math.round(rate)]);
  assert.deepEqual(measured, [["a", 4_000_000], ["b", 1_000_000]]);
});

Deno.test("ClientRates counts bytes sent before the first sample of a client", () => {
  const rates = new ClientRates();
  rates.sample([client("a", 0, MIB)], 1000);
  assert.ok(rates.ordered(1000)[0]!.rate > MIB);
});

Deno.test("ClientRates orders receiving clients first, each group in its given order", () => {
  const rates = new ClientRates();
  const clients = ["a", "b", "c", "d"].map((address) => client(address, 0));
  rates.sample(clients, 0);
  clients[1]!.bytesSent = clients[3]!.bytesSent = MIB;
  rates.sample(clients, 250);
  assert.deepEqual(rates.ordered(250).map(({ client }) => client.address), ["b", "d", "a", "c"]);
  for (let now = 500; now <= 4000; now += 250) rates.sample(clients, now);
  assert.deepEqual(rates.ordered(4000).map(({ rate }) => rate), [0, 0, 0, 0]);
  assert.deepEqual(rates.ordered(4000).map(({ client }) => client.address), ["a", "b", "c", "d"]);
});

Deno.test("ClientRates forgets disconnected clients", () => {
  const rates = new ClientRates();
  const [stays, goes] = [client("a", 0, MIB), client("b", 0, MIB)];
  rates.sample([stays, goes], 0);
  rates.sample([stays], 250);
  assert.deepEqual(rates.ordered(250).map(({ client }) => client), [stays]);
  rates.sample([], 500);
  assert.deepEqual(rates.ordered(500), []);
});
