/**
 * The sizes of the cases.
 *
 * @module
 */
import type { FileGroup } from "./data.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The sizes of all cases, in bytes unless stated otherwise. */
export interface Scale {
  /** Cases a and b. */
  readonly large: number;
  /** Case c. */
  readonly tiny: FileGroup;
  /** Case d. */
  readonly small: FileGroup;
  /** Case e; the first one is the CRITICAL one. */
  readonly mix: readonly FileGroup[];
  /** Case f: numbers of clients. */
  readonly clients: readonly number[];
  /** Case f: the bytes of all clients together. */
  readonly clientsBytes: number;
  /** Case g. */
  readonly folder: FileGroup;
  /** Case i. */
  readonly line: number;
  /** Case n: numbers of files. */
  readonly counts: readonly number[];
  /** Case s: sizes of files. */
  readonly sizes: readonly number[];
  /** Case s: the bytes of each size, and the most files. */
  readonly sizesBytes: number;
  readonly sizesFiles: number;
}

/** The sizes of the published figures. */
export const FULL: Scale = {
  large: 2 * GIB,
  tiny: { count: 5_000, size: 4 * KIB },
  small: { count: 1_000, size: 256 * KIB },
  mix: [
    { count: 1, size: 1 * GIB, priority: "CRITICAL" },
    { count: 10, size: 50 * MIB, priority: "HIGH" },
    { count: 1_000, size: 10 * KIB },
  ],
  clients: [1, 10, 100, 1_000],
  clientsBytes: 2 * GIB,
  folder: { count: 100_000, size: 4 * KIB },
  line: 512 * MIB,
  counts: [1, 10, 100, 1_000, 10_000],
  sizes: [4 * KIB, 64 * KIB, 1 * MIB, 16 * MIB, 128 * MIB, 1 * GIB],
  sizesBytes: 512 * MIB,
  sizesFiles: 8_000,
};

/** Small sizes, to check that all cases work; their figures mean nothing. */
export const QUICK: Scale = {
  large: 64 * MIB,
  tiny: { count: 200, size: 4 * KIB },
  small: { count: 60, size: 256 * KIB },
  mix: [
    { count: 1, size: 32 * MIB, priority: "CRITICAL" },
    { count: 4, size: 4 * MIB, priority: "HIGH" },
    { count: 50, size: 10 * KIB },
  ],
  clients: [1, 10, 100],
  clientsBytes: 64 * MIB,
  folder: { count: 2_000, size: 4 * KIB },
  line: 32 * MIB,
  counts: [1, 10, 100],
  sizes: [4 * KIB, 256 * KIB, 16 * MIB],
  sizesBytes: 16 * MIB,
  sizesFiles: 200,
};
