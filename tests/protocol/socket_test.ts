import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Socket } from "../../lib/protocol/socket.ts";
import { seededRandom } from "../support/seeded_random.ts";

/** Accepts bytes late and in pieces, as a busy system does. */
class SlowConn {
  readonly taken: Uint8Array[] = [];
  readonly #random = seededRandom(3);
  writes = 0;

  async write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    for (let turns = this.#random.below(4); turns > 0; turns--) await turn();
    const piece = bytes.slice(0, 1 + this.#random.below(bytes.length * 2));
    this.taken.push(piece);
    return piece.length;
  }

  async closeWrite(): Promise<void> {}
  close(): void {}
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("Socket sends all bytes in order, however they are written and accepted", async () => {
  const random = seededRandom(4);
  const conn = new SlowConn();
  const socket = new Socket(conn as unknown as Deno.Conn);
  const given: Uint8Array[] = [];
  for (let count = 0; count < 1_500; count++) {
    const length = random.below(20) === 0 ? 100_000 : 1 + random.below(4_000);
    const bytes = new Uint8Array(length).fill(count);
    given.push(bytes.slice());
    await socket.write(bytes);
    // The caller may reuse its buffer at once.
    bytes.fill(255);
    if (random.below(30) === 0) await turn();
    if (random.below(100) === 0) await socket.flush();
  }
  await socket.flush();
  assert.equal(Buffer.compare(Buffer.concat(conn.taken), Buffer.concat(given)), 0);
  assert.equal(socket.traffic.sent, given.reduce((sum, { length }) => sum + length, 0));
});

Deno.test("Socket sends small writes of one turn together", async () => {
  const conn = new SlowConn();
  const socket = new Socket(conn as unknown as Deno.Conn);
  for (let count = 0; count < 100; count++) await socket.write(new Uint8Array(100));
  await socket.flush();
  assert.ok(conn.writes < 20, `${conn.writes}`);
});

Deno.test("Socket reports a failed small write at the next write and at a flush", async () => {
  const conn = { write: () => Promise.reject(new Error("gone")), close() {} };
  const socket = new Socket(conn as unknown as Deno.Conn);
  await socket.write(new Uint8Array(10));
  await assert.rejects(socket.flush(), /gone/);
  await assert.rejects(socket.write(new Uint8Array(10)), /gone/);
  await assert.rejects(socket.write(new Uint8Array(100_000)), /gone/);
});

Deno.test("Socket.write throws once it is closed", async () => {
  const socket = new Socket(new SlowConn() as unknown as Deno.Conn);
  socket.close();
  await assert.rejects(socket.write(new Uint8Array(10)), /closed/);
});
