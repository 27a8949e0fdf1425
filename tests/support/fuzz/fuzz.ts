/**
 * Runs a target with one seed after another.
 *
 * @module
 */
import { type Random, seededRandom } from "../seeded_random.ts";

/** Something that takes input from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Prepares what all tries use. */
  open(): Promise<OpenTarget>;
}

/** A target that is ready. */
export interface OpenTarget extends AsyncDisposable {
  /** Feeds it once; throws if it does what it must not do. */
  try(random: Random): void | Promise<void>;
}

/** How long one try may take, in milliseconds: longer, and it hangs. */
const TRY_MS = 15_000;
/** Seeds are this many. */
const SEEDS = 2 ** 32;

/**
 * Runs a target for some time.
 *
 * @param seed The first try's; each further one has the next.
 * @param duration Milliseconds.
 * @returns How many tries there were.
 * @throws {Error} If one failed; the message says how to repeat it.
 */
export async function fuzz(target: FuzzTarget, seed: number, duration: number): Promise<number> {
  const until = performance.now() + duration;
  await using opened = await target.open();
  for (let tries = 0;; tries++) {
    if (tries > 0 && performance.now() >= until) return tries;
    const own = (seed + tries) % SEEDS;
    try {
      await inTime(opened.try(seededRandom(own)));
    } catch (error) {
      const again = `--seed ${own} --target ${target.name}`;
      throw new Error(`Fuzzing failed, to repeat it: deno task fuzz ${again}`, { cause: error });
    }
    // Timers and other tests have their turn too.
    if (tries % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function inTime(trying: void | Promise<void>): Promise<void> {
  if (!trying) return;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`It hangs: no end in ${TRY_MS} ms`)), TRY_MS);
  try {
    await Promise.race([trying, late]);
  } finally {
    clearTimeout(timer);
  }
}
