import assert from "node:assert/strict";
import { MessageType } from "../../lib/protocol/message.ts";
import { runClient, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { get, HostileClient, message, withHeader } from "../support/hostile/hostile_client.ts";
import { content } from "../support/hostile/hostile_server.ts";
import { assertHarmless } from "../support/hostile/server_row.ts";

/** A misbehaving peer may have a timer left when its test is over. */
const OPTIONS = { sanitizeOps: false };

/** One way for a client to misbehave. */
interface ClientRow {
  /** What the client does. */
  readonly name: string;
  /** Misbehaves, and asserts the server's reaction. The server must serve others afterwards. */
  readonly act: (port: number) => Promise<void>;
  /** Further arguments of the server. */
  readonly args?: readonly string[];
}

const EMPTY = new Uint8Array();
const GOOD = "good.bin";

/** A row whose client sends bytes after the handshake, at which the server ends the connection. */
function ended(name: string, ...bytes: readonly Uint8Array[]): ClientRow {
  const act = async (port: number) => {
    using client = await HostileClient.connect(port);
    await client.handshake();
    await client.send(...bytes);
    assert.deepEqual(await client.errorsToEnd(), ["protocol"]);
  };
  return { name, act };
}

/** A row whose client sends a request that is refused, on a connection that stays open. */
function refused(
  name: string,
  code: string,
  request: Uint8Array | ((version: string) => Uint8Array),
): ClientRow {
  const act = async (port: number) => {
    using client = await HostileClient.connect(port);
    const versionOf = await client.handshake();
    await client.send(request instanceof Uint8Array ? request : request(versionOf(GOOD)));
    const reply = await client.receive();
    assert.deepEqual([reply?.type, reply?.requestId], [MessageType.ERROR, 1]);
    assert.equal(JSON.parse(reply!.text).code, code);
    await client.send(get(2, GOOD, versionOf(GOOD)));
    assert.equal((await client.receive())?.type, MessageType.CHUNK);
  };
  return { name, act };
}

/** A row whose client sends bytes after the handshake and disconnects without a GOODBYE. */
function disconnects(name: string, bytesOf: (version: string) => readonly Uint8Array[]): ClientRow {
  const act = async (port: number) => {
    using client = await HostileClient.connect(port);
    const versionOf = await client.handshake();
    // The writes of a client that never reads may never end.
    const sent = client.send(...bytesOf(versionOf(GOOD)));
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([sent, new Promise((resolve) => timer = setTimeout(resolve, 500))]);
    clearTimeout(timer);
    client[Symbol.dispose]();
    await sent;
  };
  return { name, act };
}

function times(count: number, bytes: (id: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => bytes(index + 1));
}

const PING = () => message(MessageType.PING, 0, EMPTY);
const GET = () => get(1, GOOD, "1");
const flipped = (bytes: Uint8Array, at: number) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x10;
  return bytes;
};

const TABLE: readonly ClientRow[] = [
  ended("garbage", content(10_000, 5)),
  ended("an HTTP request", new TextEncoder().encode(`GET / HTTP/1.1\r\n${"x".repeat(99)}`)),
  ended("a wrong magic", flipped(GET(), 0)),
  ended("another version", withHeader(GET(), 4, 9)),
  ended("a header that does not match its checksum", flipped(GET(), 20)),
  ended("a payload that does not match its checksum", flipped(GET(), 70)),
  ended("a wrong end mark", flipped(GET(), -1)),
  ended("an unknown type", withHeader(GET(), 5, 99)),
  ended("a message that only servers send", message(MessageType.CHUNK, 1, EMPTY)),
  ended("a length of 4 GiB", withHeader(GET(), 12, 255, 255, 255, 255)),
  ended("a length of one byte over the limit", withHeader(GET(), 12, 0, 1, 0, 1)),
  ended("the request id 0", get(0, GOOD, "1")),
  ended("a login without a challenge", message(MessageType.LOGIN, 0, { proof: "0".repeat(64) })),
  ended("an error with an invalid payload", message(MessageType.ERROR, 0, "{")),
  refused("a request that is not JSON", "bad-request", message(MessageType.GET, 1, '{"path":')),
  refused(
    "a request with a text for a number",
    "bad-request",
    message(MessageType.GET, 1, {
      path: GOOD,
      version: "1",
      offset: "0",
      length: 1,
    }),
  ),
  refused("a request of 4 PiB", "bad-request", (version) => get(1, GOOD, version, 2 ** 52)),
  refused(
    "a request of one byte over maxChunk",
    "bad-request",
    (version) => get(1, GOOD, version, 2 ** 20 + 1),
  ),
  refused("a request at the file's end", "bad-request", (version) => {
    const request = { path: GOOD, version, offset: 100_000, length: 1 };
    return message(MessageType.GET, 1, request);
  }),
  refused("another version of a file", "changed", get(1, GOOD, "\x1b[2J")),
  refused("a hidden file", "not-found", get(1, ".hidden", "1")),
  refused("a file behind a link", "not-found", get(1, "link", "1")),
  refused("a name that leaves the folder", "bad-request", get(1, "../secret", "1")),
  refused("an absolute name", "bad-request", get(1, "/etc/passwd", "1")),
  refused("a name with escape sequences", "not-found", get(1, "\x1b[2J\u202e\n", "1")),
  {
    name: "a request id that is in use",
    act: async (port) => {
      using client = await HostileClient.connect(port);
      const version = (await client.handshake())(GOOD);
      await client.send(
        new Uint8Array(times(50, () => get(1, GOOD, version)).flatMap((b) => [...b])),
      );
      const codes = await client.errorsToEnd();
      assert.ok(codes.length === 0 || codes.at(-1) === "protocol", codes.join());
    },
  },
  disconnects("half a message", () => [GET().subarray(0, 80)]),
  disconnects("half a header", () => [GET().subarray(0, 10)]),
  disconnects("a request whose answer it does not read", (version) => [get(1, GOOD, version)]),
  disconnects(
    "10,000 requests without reading",
    (version) => times(10_000, (id) => get(id, GOOD, version, 100_000)),
  ),
  disconnects(
    "a flood of digests",
    (version) =>
      times(
        10_000,
        (id) => message(MessageType.DIGEST, id, { path: GOOD, version, algorithm: "sha256" }),
      ),
  ),
  disconnects("a flood of pings", () => times(20_000, PING)),
  {
    name: "300 connections that end at once",
    act: async (port) => {
      for (let count = 0; count < 300; count++) {
        (await HostileClient.connect(port))[Symbol.dispose]();
      }
    },
  },
  ...["--max-clients", "--max-clients-per-address"].map((option): ClientRow => ({
    name: `more clients than ${option}`,
    args: [option, "3"],
    act: async (port) => {
      using stack = new DisposableStack();
      for (let count = 0; count < 3; count++) {
        await stack.use(await HostileClient.connect(port)).handshake();
      }
      using refusedClient = await HostileClient.connect(port);
      assert.deepEqual(await refusedClient.errorsToEnd(), ["busy"]);
    },
  })),
];

for (const { name, act, args = [] } of TABLE) {
  Deno.test(`server survives a client with ${name}`, OPTIONS, async () => {
    await using workspace = await Workspace.create({ [GOOD]: 100_000, ".hidden": 10 });
    await Deno.writeTextFile(`${workspace.root}/secret`, "secret");
    await Deno.symlink(`${workspace.root}/secret`, workspace.shared("link"));
    await workspace.setInput(`${GOOD}\n`);
    await using server = await startServer({ ...workspace, args });
    await act(server.port);
    const honest = await runClient({ ...workspace, port: server.port });
    assert.equal(honest.code, 0, honest.stderr + server.stderr);
    await workspace.assertArrived(GOOD);
    server.interrupt();
    const { code, stderr } = await server.ended();
    assert.equal(code, 0, stderr);
    assertHarmless(stderr);
  });
}

Deno.test("server keeps little memory for the requests of a client that does not read", async () => {
  if (Deno.build.os !== "linux") return;
  await using workspace = await Workspace.create();
  await workspace.shareZeros(GOOD, 20_000_000);
  await using server = await startServer(workspace);
  using stack = new DisposableStack();
  const before = await residentBytes(server.pid);
  const long = times(235, (id) => get(100 + id, GOOD, "v".repeat(60_000)));
  for (let count = 0; count < 20; count++) {
    const client = stack.use(await HostileClient.connect(server.port));
    const version = (await client.handshake())(GOOD);
    client.send(...times(16, (id) => get(id, GOOD, version, 2 ** 20)), ...long);
  }
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const each = (await residentBytes(server.pid) - before) / 20;
  assert.ok(each < 6_000_000, `${each} bytes for each client`);
});

async function residentBytes(pid: number): Promise<number> {
  const ps = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(ps.stdout)) * 1024;
}
