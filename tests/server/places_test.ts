import assert from "node:assert/strict";
import { IDLE_MS, networkOf, Places } from "../../lib/server/places.ts";

interface Client {
  readonly name: string;
  idleSince: number | null;
}

const NOW = 10 * IDLE_MS;

/** Places with clients, each with its address and since when it is idle. */
function placesWith(
  limits: { maxClients: number; maxClientsPerAddress: number },
  ...clients: readonly (readonly [name: string, address: string, idleSince: number | null])[]
): Places<Client> {
  const places = new Places<Client>(limits);
  for (const [name, address, idleSince] of clients) places.take({ name, idleSince }, address);
  return places;
}

Deno.test("Places admits clients up to the limit, and refuses one more", () => {
  const limits = { maxClients: 2, maxClientsPerAddress: 2 };
  const places = placesWith(limits, ["a", "10.0.0.1", NOW]);
  assert.deepEqual(places.find("10.0.0.2", NOW), { type: "admitted", freed: null });
  places.take({ name: "b", idleSince: null }, "10.0.0.2");
  assert.deepEqual(places.find("10.0.0.3", NOW), { type: "refused", clients: 2, sameAddress: 0 });
});

Deno.test("Places frees the place of the client that asked nothing for the longest time", () => {
  const places = placesWith(
    { maxClients: 4, maxClientsPerAddress: 4 },
    ["busy", "10.0.0.1", null],
    ["idle", "10.0.0.2", NOW - IDLE_MS - 1],
    ["longest", "10.0.0.3", NOW - IDLE_MS - 2],
    ["just now", "10.0.0.4", NOW - IDLE_MS + 1],
  );
  const freed = () => {
    const admission = places.find("10.0.0.5", NOW);
    if (admission.type === "refused") return "refused";
    places.take({ name: "new", idleSince: NOW }, "10.0.0.5");
    return admission.freed?.name;
  };
  assert.deepEqual([freed(), freed(), freed()], ["longest", "idle", "refused"]);
});

Deno.test("Places frees no place of another network for a network that has its share", () => {
  const places = placesWith(
    { maxClients: 9, maxClientsPerAddress: 1 },
    ["other", "10.0.0.2", 0],
    ["own", "10.0.0.1", NOW],
  );
  assert.deepEqual(places.find("10.0.0.1", NOW), { type: "refused", clients: 2, sameAddress: 1 });
  const later = places.find("10.0.0.1", NOW + IDLE_MS);
  assert.equal(later.type === "admitted" && later.freed?.name, "own");
});

Deno.test("Places counts a client that leaves twice once", () => {
  const places = new Places<Client>({ maxClients: 1, maxClientsPerAddress: 1 });
  const client = { name: "a", idleSince: 0 };
  places.take(client, "::1");
  places.leave(client);
  places.leave(client);
  assert.equal(places.find("::1", NOW).type, "admitted");
});

Deno.test("networkOf is an IPv4 address, or the first 64 bits of an IPv6 address", () => {
  assert.equal(networkOf("10.0.0.1"), "10.0.0.1");
  assert.equal(networkOf("::ffff:10.0.0.1"), "10.0.0.1");
  assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(networkOf("2001:db8:1:2:ffff::1"), networkOf("2001:db8:1:2::1"));
  assert.notEqual(networkOf("2001:db8:1:3::1"), networkOf("2001:db8:1:2::1"));
});
