import assert from "node:assert/strict";
import { DigestOrder, MAX_OVERTAKEN } from "../../../lib/server/read/digest_order.ts";

interface Digest {
  readonly owner: string;
  readonly size: number;
}

/** How many digests are computed before one of them, if new ones keep coming. */
function waitOf(
  wanted: Digest,
  others: readonly Digest[],
  more: (computed: Digest) => Digest | null = () => null,
): number {
  const order = new DigestOrder<Digest>();
  const waiting = new Set([...others, wanted]);
  for (let computed = 0;; computed++) {
    const next = order.next(waiting)!;
    if (next === wanted) return computed;
    waiting.delete(next);
    const added = more(next);
    if (added) waiting.add(added);
    assert.ok(computed < 10_000, "it waits for ever");
  }
}

const of = (owner: string, size: number): Digest => ({ owner, size });

Deno.test("DigestOrder has nothing to choose from nothing", () => {
  assert.equal(new DigestOrder<Digest>().next([]), undefined);
});

Deno.test("DigestOrder takes a client's small files first, and equal ones by age", () => {
  const order = new DigestOrder<Digest>();
  const waiting = new Set([of("a", 9), of("a", 2), of("a", 1), of("a", 1)]);
  const sizes: number[] = [];
  const [, , oldest] = [...waiting];
  const first = order.next(waiting)!;
  assert.equal(first, oldest);
  for (let next: Digest | undefined = first; next; next = order.next(waiting)) {
    waiting.delete(next);
    sizes.push(next.size);
  }
  assert.deepEqual(sizes, [1, 1, 2, 9]);
});

Deno.test("DigestOrder lets a large file be overtaken only so often by the client's own small ones", () => {
  const others = Array.from({ length: 40 }, () => of("a", 1));
  const large = of("a", 10 * 2 ** 30);
  const order = new DigestOrder<Digest>();
  const waiting = new Set([large, ...others]);
  for (let computed = 0; computed < MAX_OVERTAKEN; computed++) waiting.delete(order.next(waiting)!);
  assert.equal(order.next(waiting), large);
});

Deno.test("DigestOrder serves a large file though other clients keep requesting small ones", () => {
  const rivals = Array.from({ length: 3 }, (_, i) => of(`rival ${i}`, 1));
  const wait = waitOf(of("honest", 2 ** 40), rivals, ({ owner }) => of(owner, 1));
  assert.ok(wait <= MAX_OVERTAKEN + rivals.length, `${wait} came first`);
});

Deno.test("DigestOrder serves every client in turn, however many keep requesting", () => {
  const rivals = Array.from({ length: 40 }, (_, i) => of(`rival ${i}`, 1));
  const wait = waitOf(of("honest", 2 ** 40), rivals, ({ owner }) => of(owner, 1));
  assert.ok(wait <= MAX_OVERTAKEN + rivals.length, `${wait} came first`);
});

Deno.test("DigestOrder gives a client with 250 digests no more turns than one with a single one", () => {
  const rival = Array.from({ length: 250 }, () => of("rival", 1));
  const wait = waitOf(of("honest", 2 ** 40), rival);
  assert.ok(wait <= MAX_OVERTAKEN, `${wait} came first`);
});
