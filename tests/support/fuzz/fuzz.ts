/**
 * Runs a fuzz target with one seed after another.
 *
 * @module
 */
import { type Random, seededRandom } from "../seeded_random.ts";

/** A part of the code that takes input from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Prepares the state that all tries share. */
  open(): Promise<OpenTarget>;
}

/** A target that is ready. */
export interface OpenTarget extends AsyncDisposable {
  /** Feeds it one mutated input; throws if it fails. */
  try(random: Random): void | Promise<void>;
}

/** The time after which a try counts as hanging, in milliseconds. */
const TRY_MS = 15_000;
/** The number of seeds. */
const SEEDS = 2 ** 32;

/**
 * Runs a target for a time.
 *
 * @param seed The seed of the first try; each further try has the next one.
 * @param duration Milliseconds.
 * @returns The number of tries.
 * @throws {Error} If one failed; the message says how to repeat it.
 */
export async function fuzz(target: FuzzTarget, seed: number, duration: number): Promise<number> {
  const until = performance.now() + duration;
  await using opened = await target.open();
  for (let tries = 0;; tries++) {
    if (tries > 0 && performance.now() >= until) return tries;
    const trySeed = (seed + tries) % SEEDS;
    try {
      await inTime(opened.try(seededRandom(trySeed)));
    } catch (error) {
      const args = `--seed ${trySeed} --target ${target.name}`;
      throw new Error(`Fuzzing failed, to repeat it: deno task fuzz ${args}`, { cause: error });
    }
    // Let timers and other tests run.
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
