/**
 * The order in which digests are computed. Pure.
 *
 * The clients take turns, and each client's digests go by age. Small files may go first, so that
 * they rarely wait for large ones, but only so often: nothing waits for ever.
 *
 * @module
 */

/** How often a client, or one of its digests, may be overtaken by a smaller one. */
export const MAX_OVERTAKEN = 4;

/** A digest that waits. */
export interface WaitingDigest {
  /** The client for which it is computed. */
  readonly owner: unknown;
  /** How many bytes are hashed. */
  readonly size: number;
}

/** Chooses the next one of the digests that wait. */
export class DigestOrder<D extends WaitingDigest> {
  readonly #overtaken = new WeakMap<D, number>();
  /** How often each waiting client was overtaken since it was served. */
  #overtakenOwners = new Map<unknown, number>();

  /** @param waiting The digests that could be computed now, the oldest first. */
  next(waiting: Iterable<D>): D | undefined {
    const byOwner = Map.groupBy(waiting, ({ owner }) => owner);
    if (byOwner.size === 0) return undefined;
    const firsts = [...byOwner.values()].map((own) => choose(own, (digest) => this.#times(digest)));
    const timesOfOwner = ({ owner }: D) => this.#overtakenOwners.get(owner) ?? 0;
    const next = choose(firsts, timesOfOwner);
    for (const older of byOwner.get(next.owner)!) {
      if (older === next) break;
      this.#overtaken.set(older, this.#times(older) + 1);
    }
    const others = firsts.filter((first) => first !== next);
    this.#overtakenOwners = new Map(others.map((it) => [it.owner, timesOfOwner(it) + 1]));
    return next;
  }

  #times(digest: D): number {
    return this.#overtaken.get(digest) ?? 0;
  }
}

/** The one of several that was overtaken most, if that is often; else the smallest, or oldest. */
function choose<D extends WaitingDigest>(
  [first, ...others]: readonly D[],
  times: (digest: D) => number,
): D {
  return others.reduce((chosen, digest) => {
    const [most, own] = [times(chosen), times(digest)];
    if (Math.max(most, own) >= MAX_OVERTAKEN) return own > most ? digest : chosen;
    return digest.size < chosen.size ? digest : chosen;
  }, first!);
}
