import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ProtocolError } from "../../../lib/errors.ts";
import { MessageType } from "../../../lib/protocol/message.ts";
import { encodePayload } from "../../../lib/protocol/payloads.ts";
import { makePipe, pass } from "../../support/catalog_fixture.ts";
import {
  message,
  type ResponderFixture,
  responderFixture,
} from "../../support/responder_fixture.ts";

const KIB = 1024;

/** A text that differs at each position. */
function textOf(length: number, seed = 1): string {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `${i * seed} `;
  return text.slice(0, length);
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Small files of different sizes, `0` to `count - 1`. */
function smallFiles(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${i}`, textOf(1 + i * 37 % 5000, i)]),
  );
}

Deno.test("Responder answers GETs in their order, small files together", async () => {
  const files = smallFiles(150);
  await using place = await responderFixture(files);
  const client = place.client();
  client.ask(...Object.keys(files).map((path, i) => place.get(i + 1, path)));
  const answers = await client.answers(150);
  assert.deepEqual(answers.map(({ id }) => id), [...Array(150).keys()].map((i) => i + 1));
  assert.deepEqual(answers.map(({ content }) => content), Object.values(files));
  assert.ok(client.open.isEmpty);
});

Deno.test("Responder answers GETs of small and large files and refusals in their order", async () => {
  const files = { ...smallFiles(20), large: textOf(700 * KIB) };
  await using place = await responderFixture(files);
  const client = place.client();
  const gets = Object.keys(files).map((path, i) => place.get(i + 1, path));
  gets.splice(5, 0, place.get(100, "3", { version: "another" }));
  gets.splice(9, 0, message(MessageType.GET, 101, new TextEncoder().encode("{}")));
  gets.splice(12, 0, place.get(102, "large", { offset: 1000, length: 2000 }));
  gets.push(place.get(103, "3", { path: "nowhere" }));
  client.ask(...gets);
  const answers = await client.answers(gets.length);
  assert.deepEqual(answers.map(({ id }) => id), gets.map(({ header }) => header.requestId));
  const contents = new Map(answers.map(({ id, content }) => [id, content]));
  assert.equal(contents.get(100), "changed");
  assert.equal(contents.get(101), "bad-request");
  assert.equal(contents.get(102), files.large.slice(1000, 3000));
  assert.equal(contents.get(103), "not-found");
  assert.equal(contents.get(21), files.large);
  assert.deepEqual(client.refused, ["3 changed", "null bad-request", "nowhere not-found"]);
});

Deno.test("Responder takes no requests while too many are open", async () => {
  await using place = await responderFixture({ a: "content" });
  const client = place.client();
  let isTaken = false;
  const taken = client.ask(...Array.from({ length: 300 }, (_, i) => place.get(i + 1, "a")))
    .then(() => isTaken = true);
  using first = await client.packet();
  await pass(20);
  assert.ok(!isTaken, "more than 256 requests are open");
  first.sent();
  const answers = await client.answers(300 - first.requestIds.length);
  await taken;
  assert.ok(answers.every(({ content }) => content === "content"));
});

// Changes of a file between its listing and its request.
for (
  const [what, happen, code] of [
    ["was written to", (place: ResponderFixture, path: string) => {
      Deno.writeTextFileSync(place.at(path), "something else");
    }, "changed"],
    ["was cut off", (place: ResponderFixture, path: string) => {
      Deno.truncateSync(place.at(path), 0);
    }, "changed"],
    ["was deleted", (place: ResponderFixture, path: string) => {
      Deno.removeSync(place.at(path));
    }, "not-found"],
    ["became a link to another file", (place: ResponderFixture, path: string) => {
      Deno.removeSync(place.at(path));
      Deno.symlinkSync(place.at("0"), place.at(path));
    }, "changed"],
    ["became a named pipe", (place: ResponderFixture, path: string) => {
      Deno.removeSync(place.at(path));
      makePipe(place.at(path));
    }, "changed"],
  ] as const
) {
  Deno.test(`Responder refuses a file that ${what}, and sends those around it`, async () => {
    const files = { ...smallFiles(40), large: textOf(300 * KIB) };
    await using place = await responderFixture(files);
    const client = place.client();
    await pass(20);
    for (const path of ["7", "23", "large"]) happen(place, path);
    client.ask(...Object.keys(files).map((path, i) => place.get(i + 1, path, { digest: true })));
    const answers = await client.answers(41);
    for (const [i, [path, content]] of Object.entries(files).entries()) {
      const isRefused = ["7", "23", "large"].includes(path);
      assert.deepEqual(
        answers[i],
        isRefused ? { id: i + 1, content: code } : { id: i + 1, digest: sha256(content), content },
      );
    }
    const refused = ["7", "23", "large"].map((path) => `${path} ${code}`);
    assert.deepEqual([...client.refused].sort(), refused.sort());
  });
}

Deno.test("Responder sends digests before chunks if they are requested", async () => {
  const files = { small: "abc", medium: textOf(200 * KIB), large: textOf(500 * KIB) };
  await using place = await responderFixture(files);
  const client = place.client();
  const { small, medium, large } = files;
  client.ask(
    place.get(1, "small", { digest: true }),
    place.get(2, "medium", { digest: true }),
    place.get(3, "small"),
    // Not for a part, nor for a large file whose digest is unknown.
    place.get(4, "medium", { digest: true, length: 10 }),
    place.get(5, "large", { digest: true }),
  );
  assert.deepEqual(await client.answers(5), [
    { id: 1, digest: sha256(small), content: small },
    { id: 2, digest: sha256(medium), content: medium },
    { id: 3, content: small },
    { id: 4, content: medium.slice(0, 10) },
    { id: 5, content: large },
  ]);
  place.digests.store(place.catalog.find("large", versionOf(place, "large")), sha256(large));
  client.ask(place.get(6, "large", { digest: true }), place.get(7, "small", { digest: true }));
  assert.deepEqual(await client.answers(2), [
    { id: 6, digest: sha256(large), content: large },
    { id: 7, digest: sha256(small), content: small },
  ]);
});

Deno.test("Responder sends chunks in slices if its share of the memory is less", async () => {
  const files = { a: textOf(300 * KIB), b: textOf(40 * KIB), c: "c" };
  await using place = await responderFixture(files, 2048 * KIB);
  const client = place.client();
  place.pool.borrowers += 50;
  assert.ok(place.pool.share < 8 * KIB);
  client.ask(place.get(1, "a"), place.get(2, "b", { digest: true }), place.get(3, "c"));
  const answers = await client.answers(3);
  assert.deepEqual(answers.map(({ content }) => content), Object.values(files));
  place.pool.borrowers -= 50;
});

Deno.test("Responder sends several clients the same blocks of a file", async () => {
  const content = textOf(900 * KIB);
  await using place = await responderFixture({ big: content });
  const clients = Array.from({ length: 5 }, () => place.client());
  for (let offset = 0; offset < content.length; offset += 300 * KIB) {
    for (const client of clients) {
      client.ask(place.get(1 + offset, "big", { offset, length: 300 * KIB }));
      const [answer] = await client.answers(1);
      assert.equal(answer!.content, content.slice(offset, offset + 300 * KIB));
    }
  }
  // A moment later a change is detected.
  await pass(80);
  Deno.writeTextFileSync(place.at("big"), content.toUpperCase().replaceAll("1", "2"));
  clients[0]!.ask(place.get(9, "big", { offset: 0, length: 300 * KIB }));
  assert.deepEqual(await clients[0]!.answers(1), [{ id: 9, content: "changed" }]);
});

Deno.test("Responder ends its responses after a goodbye, and ignores later messages", async () => {
  await using place = await responderFixture({ a: "content" });
  const client = place.client();
  client.ask(
    place.get(1, "a"),
    message(MessageType.GOODBYE, 0, encodePayload({ reason: "it is done" })),
    place.get(2, "a"),
  );
  assert.deepEqual(await client.answers(1), [{ id: 1, content: "content" }]);
  assert.ok(client.responder.saidGoodbye);
  await assert.rejects(client.packet(), /no more answers/);
});

Deno.test("Responder refuses messages that no client may send, and request ids in use", async () => {
  for (
    const messages of [
      [message(MessageType.LOGIN, 1, new Uint8Array())],
      [message(MessageType.GET, 0, new Uint8Array())],
      [
        message(MessageType.GET, 5, new Uint8Array()),
        message(MessageType.DIGEST, 5, new Uint8Array()),
      ],
    ]
  ) {
    await using place = await responderFixture({ a: "content" });
    const client = place.client();
    await assert.rejects(client.ask(...messages), ProtocolError);
    await assert.rejects(client.packet(), ProtocolError);
  }
});

Deno.test("Responder releases all memory whenever it is closed", async () => {
  const files = { ...smallFiles(200), large: textOf(900 * KIB), other: textOf(900 * KIB) };
  for (let turns = 0; turns < 12; turns++) {
    await using place = await responderFixture(files, 4096 * KIB);
    const client = place.client();
    client.ask(...Object.keys(files).map((path, i) => place.get(i + 1, path)));
    // The fixture checks the lent memory when the client has ended.
    const reading = turns % 3 === 0 ? client.packet().then((packet) => packet.sent()) : undefined;
    reading?.catch(() => {});
    for (let i = 0; i < turns; i++) await pass(2);
    if (turns % 2 === 0) await client.responder.readable.cancel().catch(() => {});
  }
});

function versionOf({ catalog }: ResponderFixture, path: string): string {
  return catalog.snapshot().find((file) => file.path === path)!.version;
}
