import assert from "node:assert/strict";
import { type DigestCommand, FileHasher } from "../../lib/digest/file_hasher.ts";
import type { WorkerPort } from "../../lib/digest/hash_worker.ts";
import { WireError } from "../../lib/errors.ts";

const PATIENCE = { stuckMs: 20, lostMs: 60 };
/** A path whose disk does not answer. */
const STALLED = "stalled";

/** A Worker whose digest of a path is the path, one job after the other, unless a disk stalls. */
class FakeThread implements WorkerPort {
  onmessage: WorkerPort["onmessage"] = () => {};
  onerror: WorkerPort["onerror"] = () => {};
  isTerminated = false;
  readonly #paths = new Map<number, string>();
  #isStalled = false;
  readonly #answers: object[] = [];

  postMessage(message: unknown): void {
    const command = message as DigestCommand;
    if (command.type === "start") this.#paths.set(command.id, command.path);
    if (command.type !== "finish") return;
    const { id } = command;
    const path = this.#paths.get(id);
    const answers = [{ step: id }, { id, digest: path }, { step: null }];
    if (path !== STALLED) return this.#answer(answers);
    this.#answer(answers.slice(0, 1));
    this.#isStalled = true;
    this.#answers.push(...answers.slice(1));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** The disk answers. */
  recover(): void {
    this.#isStalled = false;
    this.#answer(this.#answers.splice(0));
  }

  #answer(answers: readonly object[]): void {
    if (this.#isStalled) {
      this.#answers.push(...answers);
      return;
    }
    for (const data of answers) {
      queueMicrotask(() => {
        if (!this.isTerminated) this.onmessage?.call(this as never, { data } as MessageEvent);
      });
    }
  }
}

function fakeHasher() {
  const threads: FakeThread[] = [];
  const hasher = new FileHasher(() => {
    const thread = new FakeThread();
    threads.push(thread);
    return thread;
  }, PATIENCE);
  return { hasher, threads };
}

Deno.test("FileHasher computes other digests elsewhere while a disk does not answer", async () => {
  const { hasher, threads } = fakeHasher();
  using _hasher = hasher;
  assert.equal(await hasher.start("before", null).finish(1), "before");
  const stalled = hasher.start(STALLED, null);
  const failed = assert.rejects(stalled.finish(1), (error) => {
    assert.ok(error instanceof WireError);
    return error.code === "read-failed";
  });
  // It waits behind the other one, and moves.
  assert.equal(await hasher.start("behind", null).finish(1), "behind");
  await stalled.stalled;
  assert.equal(await hasher.start("after", null).finish(1), "after");
  assert.equal(threads.length, 2);
  await failed;
  assert.deepEqual(threads.map(({ isTerminated }) => isTerminated), [true, false]);
});

Deno.test("FileHasher takes the digest of a disk that answers late, and ends that Worker", async () => {
  const { hasher, threads } = fakeHasher();
  using _hasher = hasher;
  const stalled = hasher.start(STALLED, null);
  const digest = stalled.finish(1);
  await stalled.stalled;
  threads[0]!.recover();
  assert.equal(await digest, STALLED);
  assert.equal(threads[0]!.isTerminated, true);
  assert.equal(await hasher.start("after", null).finish(1), "after");
});

Deno.test("FileHasher ends the Worker of a stalled digest that is cancelled", async () => {
  const { hasher, threads } = fakeHasher();
  using _hasher = hasher;
  const stalled = hasher.start(STALLED, null);
  const failed = assert.rejects(stalled.finish(1), /cancelled/);
  await stalled.stalled;
  stalled.cancel();
  await failed;
  assert.equal(threads[0]!.isTerminated, true);
});

Deno.test("FileHasher stops all Workers when it is disposed", async () => {
  const { hasher, threads } = fakeHasher();
  const stalled = hasher.start(STALLED, null);
  const failed = assert.rejects(stalled.finish(1), /stopped/);
  await stalled.stalled;
  assert.equal(await hasher.start("other", null).finish(1), "other");
  hasher[Symbol.dispose]();
  await failed;
  assert.deepEqual(threads.map(({ isTerminated }) => isTerminated), [true, true]);
});
