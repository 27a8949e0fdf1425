import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES, type Priority } from "../../../lib/client/priority.ts";
import { Scheduler } from "../../../lib/client/schedule/scheduler.ts";
import { WEIGHTS } from "../../../lib/client/priority.ts";
import {
  assertShares,
  bytesOf,
  CHUNK,
  type File,
  type Given,
  join,
  run,
  SECOND,
} from "../../support/scheduler_runs.ts";

Deno.test("Scheduler lets a file that joins late neither catch up nor wait", () => {
  const scheduler = new Scheduler<File>();
  const early = join(scheduler, "NORMAL", 2);
  run(scheduler, 1000);
  const late = join(scheduler, "NORMAL", 1)[0]!;
  const given = run(scheduler, 300);
  assert.ok(given.slice(0, 4).some(({ file }) => file === late), "it waits");
  for (let end = 3; end <= given.length; end += 3) {
    const each = [...early, late].map((file) =>
      bytesOf(given.slice(0, end), (other) => other === file)
    );
    assert.ok(Math.max(...each) - Math.min(...each) <= 2 * CHUNK, `after ${end}: ${each}`);
  }
});

Deno.test("Scheduler lets a priority that joins late neither catch up nor wait", () => {
  for (const late of PRIORITIES) {
    const scheduler = new Scheduler<File>();
    for (const priority of PRIORITIES) if (priority !== late) join(scheduler, priority, 2);
    run(scheduler, 1000);
    join(scheduler, late, 2);
    const given = run(scheduler, 20 * SECOND);
    for (let from = 0; from + SECOND <= given.length; from++) {
      assertShares(given.slice(from, from + SECOND));
    }
  }
});

Deno.test("Scheduler gives a paused priority its share again, and nothing for the pause", () => {
  for (const paused of PRIORITIES) {
    const scheduler = new Scheduler<File>();
    const files = new Map(PRIORITIES.map((priority) => [priority, join(scheduler, priority, 2)]));
    for (let round = 0; round < 5; round++) {
      run(scheduler, 5 * SECOND);
      for (const file of files.get(paused)!) scheduler.remove(file);
      const others = PRIORITIES.filter((priority) => priority !== paused);
      const without = run(scheduler, 5 * SECOND);
      for (let from = 0; from + SECOND <= without.length; from += 7) {
        assertShares(without.slice(from, from + SECOND), others);
      }
      for (const file of files.get(paused)!) scheduler.add(file, paused);
      assertShares(run(scheduler, SECOND));
    }
  }
});

Deno.test("Scheduler does not starve others for a file removed and added after each chunk", () => {
  for (const other of PRIORITIES) {
    const scheduler = new Scheduler<File>();
    const [rejoining, steady] = join(scheduler, "NORMAL", 2);
    join(scheduler, other, 1);
    const given: Given[] = [];
    for (let i = 0; i < 3000; i++) {
      given.push(...run(scheduler, 1));
      if (given.at(-1)!.file !== rejoining) continue;
      scheduler.remove(rejoining!);
      scheduler.add(rejoining!, "NORMAL");
    }
    const bytes = (file?: File) => bytesOf(given, (given) => given === file);
    assert.ok(bytes(steady) > 0.9 * bytes(rejoining), `${bytes(steady)} of ${bytes(rejoining)}`);
  }
});

Deno.test("Scheduler applies a changed priority from the next chunk on", () => {
  for (const from of PRIORITIES) {
    for (const to of PRIORITIES) {
      if (from === to) continue;
      const scheduler = new Scheduler<File>();
      const others = PRIORITIES.map((priority) => join(scheduler, priority, 1)[0]!);
      const [moved] = join(scheduler, from, 1);
      run(scheduler, 777);
      scheduler.add(moved!, to);
      const given = run(scheduler, SECOND);
      // It shares its new priority with one file, which shares with the others by weight.
      const total = bytesOf(given, () => true);
      const share = WEIGHTS[to] / 15 / 2;
      const got = bytesOf(given, (file) => file === moved);
      // Half of a share is rounded to chunks once more.
      assert.ok(Math.abs(got / total - share) < 0.03, `${from} to ${to}: ${got / total}`);
      for (const other of others) assert.ok(bytesOf(given, (file) => file === other) > 0);
    }
  }
});

Deno.test("Scheduler changes nothing for a file that is given the priority it has", () => {
  const scheduler = new Scheduler<File>();
  const files = join(scheduler, "HIGH", 3);
  const twin = new Scheduler<File>();
  for (const file of files) twin.add(file, "HIGH");
  for (let i = 0; i < 200; i++) {
    scheduler.add(files[i % 3]!, "HIGH");
    assert.deepEqual(run(scheduler, 1), run(twin, 1));
  }
});

Deno.test("Scheduler serves a large file while thousands of small ones join and end", () => {
  const scheduler = new Scheduler<File>();
  const large = join(scheduler, "NORMAL", 1)[0]!;
  join(scheduler, "NORMAL", 100);
  let served = 0;
  for (let i = 0; i < 10_000; i++) {
    const file = scheduler.next()!;
    scheduler.charge(file, CHUNK);
    if (file === large) {
      served++;
      continue;
    }
    scheduler.remove(file);
    join(scheduler, "NORMAL", 1);
  }
  assert.ok(served > 80 && served < 120, `${served} chunks of about ${10_000 / 101}`);
});

Deno.test("Scheduler chooses as a naive one does when files join, leave and move", () => {
  const step = fc.record({
    what: fc.constantFrom("join", "join", "leave", "move", "give", "give", "give", "give"),
    pick: fc.nat(10_000),
    priority: fc.constantFrom(...PRIORITIES),
    bytes: fc.oneof(fc.constant(CHUNK), fc.integer({ min: 1, max: CHUNK })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const scheduler = new Scheduler<File>();
      const naive = new NaiveScheduler();
      for (const { what, pick, priority, bytes } of steps) {
        const some = naive.entries[pick % naive.entries.length]?.file;
        if (what === "join") {
          const file = { priority };
          scheduler.add(file, priority);
          naive.add(file, priority);
        } else if (what === "leave" && some) {
          scheduler.remove(some);
          naive.remove(some);
        } else if (what === "move" && some) {
          scheduler.add(some, priority);
          naive.add(some, priority);
        } else if (what === "give") {
          const file = scheduler.next();
          if (!file) continue;
          scheduler.charge(file, bytes);
          naive.charge(file, bytes);
        }
        assert.equal(scheduler.next(), naive.next());
        for (const { file } of naive.entries) assert.ok(scheduler.has(file));
      }
    }),
    { numRuns: 300 },
  );
});

/** The rules of the scheduler, without its heaps. */
class NaiveScheduler {
  entries: { file: File; priority: Priority; virtualTime: number; order: number }[] = [];
  #queues = new Map(
    PRIORITIES.map((priority) => [priority, { virtualTime: 0, fileVirtualTime: 0 }]),
  );
  #virtualTime = 0;
  #joined = 0;

  add(file: File, priority: Priority): void {
    if (this.#entryOf(file)?.priority === priority) return;
    this.remove(file);
    const queue = this.#queues.get(priority)!;
    const isFirst = !this.entries.some((entry) => entry.priority === priority);
    if (isFirst) queue.virtualTime = Math.max(queue.virtualTime, this.#virtualTime);
    this.entries.push({
      file,
      priority,
      virtualTime: queue.fileVirtualTime,
      order: this.#joined++,
    });
  }

  remove(file: File): void {
    const entry = this.#entryOf(file);
    if (!entry) return;
    const queue = this.#queues.get(entry.priority)!;
    queue.fileVirtualTime = Math.max(queue.fileVirtualTime, entry.virtualTime);
    this.entries = this.entries.filter((other) => other !== entry);
  }

  next(): File | undefined {
    const present = PRIORITIES.filter((priority) =>
      this.entries.some((entry) => entry.priority === priority)
    );
    const timeOf = (priority: Priority) => this.#queues.get(priority)!.virtualTime;
    const [priority] = present.toSorted((a, b) => timeOf(a) - timeOf(b));
    const [first] = this.entries.filter((entry) => entry.priority === priority)
      .sort((a, b) => a.virtualTime - b.virtualTime || a.order - b.order);
    return first?.file;
  }

  charge(file: File, bytes: number): void {
    const entry = this.#entryOf(file)!;
    const queue = this.#queues.get(entry.priority)!;
    this.#virtualTime = queue.virtualTime;
    queue.virtualTime += bytes / WEIGHTS[entry.priority];
    queue.fileVirtualTime = Math.max(queue.fileVirtualTime, entry.virtualTime);
    entry.virtualTime += bytes;
  }

  #entryOf(file: File) {
    return this.entries.find((entry) => entry.file === file);
  }
}

Deno.test("Scheduler.refund gives back a file's turn, and ignores a file that is not there", () => {
  const scheduler = new Scheduler<File>();
  const [first, second] = join(scheduler, "NORMAL", 2) as [File, File];
  assert.equal(scheduler.next(), first);
  scheduler.charge(first, CHUNK);
  assert.equal(scheduler.next(), second);
  scheduler.refund(first, CHUNK);
  assert.equal(scheduler.next(), first);
  scheduler.remove(first);
  scheduler.refund(first, CHUNK);
  assert.equal(scheduler.next(), second);
});
