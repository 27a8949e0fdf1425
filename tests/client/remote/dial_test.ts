import assert from "node:assert/strict";
import { connectToAny, failureOf } from "../../../lib/client/remote/dial.ts";

/** A connection that knows whether it was closed. */
class FakeConnection {
  isClosed = false;

  constructor(readonly address: string) {}

  close(): void {
    this.isClosed = true;
  }
}

const NEVER = new Promise<never>(() => {});

/** Hosts that accept, refuse, or are silent until they are told to accept. */
function fakeNetwork(hosts: Readonly<Record<string, "accepts" | "refuses" | "silent">>) {
  const tried: string[] = [];
  const silent = new Map<string, (connection: FakeConnection) => void>();
  const connect = (address: string): Promise<FakeConnection> => {
    tried.push(address);
    if (hosts[address] === "accepts") return Promise.resolve(new FakeConnection(address));
    if (hosts[address] === "refuses") return Promise.reject(new Error(`${address} refuses`));
    return new Promise((resolve) => silent.set(address, resolve));
  };
  return { tried, silent, connect };
}

Deno.test("connectToAny tries the next address at once after one that refuses", async () => {
  const { tried, connect } = fakeNetwork({ a: "refuses", b: "accepts", c: "accepts" });
  const failures = new Map<string, unknown>();
  // Only a refusal can start the next one in this time.
  const { address } = await connectToAny(["a", "b", "c"], connect, failures, NEVER, 1e8);
  assert.equal(address, "b");
  assert.deepEqual(tried, ["a", "b"]);
  assert.deepEqual([...failures.keys()], ["a"]);
});

Deno.test("connectToAny tries the next address along with one that is silent", async () => {
  const { tried, silent, connect } = fakeNetwork({ a: "silent", b: "accepts" });
  const { address } = await connectToAny(["a", "b"], connect, new Map(), NEVER, 1);
  assert.equal(address, "b");
  assert.deepEqual(tried, ["a", "b"]);
  const late = new FakeConnection("a");
  silent.get("a")!(late);
  await Promise.resolve();
  assert.ok(late.isClosed, "a connection that comes too late stays open");
});

Deno.test("connectToAny fails when all addresses have failed", async () => {
  const { tried, connect } = fakeNetwork({ a: "refuses", b: "refuses" });
  const failures = new Map<string, unknown>();
  await assert.rejects(connectToAny(["a", "b"], connect, failures, NEVER, 1e8), /b refuses/);
  assert.deepEqual(tried, ["a", "b"]);
  assert.deepEqual([...failures.keys()], ["a", "b"]);
});

Deno.test("connectToAny ends with `ended`, and begins no further address", async () => {
  const { tried, connect } = fakeNetwork({ a: "silent", b: "accepts" });
  const ended = Promise.reject(new Error("too late"));
  await assert.rejects(connectToAny(["a", "b"], connect, new Map(), ended, 1e8), /too late/);
  assert.deepEqual(tried, ["a"]);
});

Deno.test("failureOf gives each reason once, with its addresses", () => {
  const failures = new Map([["a", new Error("refused")], ["c", new Error("refused")]]);
  const { message } = failureOf(["a", "b", "c"], failures, new Error("no answer within 10 s"));
  assert.equal(message, "tried a, c: refused; b: no answer within 10 s");
});
