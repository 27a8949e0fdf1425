/**
 * What is measured, and how it is written. Pure.
 *
 * @module
 */

/** How one kind of figure is written. */
interface MetricStyle {
  /** Heads its column. */
  readonly title: string;
  readonly write: (value: number) => string;
}

const MB = 1_000_000;

/** All kinds of figures. */
export const METRICS = {
  /** Seconds that the whole run took. */
  seconds: { title: "seconds", write: digits },
  /** Bytes of content a second. */
  rate: { title: "MB/s", write: (value) => (value / MB).toFixed(0) },
  /** How many files arrived. */
  files: { title: "files", write: (value) => value.toFixed(0) },
  filesPerSecond: { title: "files/s", write: (value) => value.toFixed(0) },
  /** When the CRITICAL file had its name, in seconds. */
  criticalSeconds: { title: "CRITICAL s", write: digits },
  /** The time of the slowest client, divided by the median one's. */
  fairness: { title: "slowest/median", write: (value) => value.toFixed(2) },
  /** From the connection to the first byte of a file, in seconds. */
  firstByte: { title: "connect to first byte s", write: digits },
  /** The most memory that the server ever had, in bytes. */
  serverPeak: { title: "server MB", write: (value) => (value / MB).toFixed(0) },
  clientPeak: { title: "client MB", write: (value) => (value / MB).toFixed(0) },
  /** Processor seconds. */
  serverCpu: { title: "server CPU s", write: digits },
  clientCpu: { title: "client CPU s", write: digits },
  serverCpuPerGB: { title: "server CPU s/GB", write: digits },
  clientCpuPerGB: { title: "client CPU s/GB", write: digits },
  /** What was carried, of what the line could have carried. */
  lineShare: { title: "share of the line", write: (value) => value.toFixed(3) },
} as const satisfies Record<string, MetricStyle>;

/** One kind of figure. */
export type Metric = keyof typeof METRICS;

/** The figures of one run. */
export type Sample = Readonly<Partial<Record<Metric, number>>>;

/** Three digits, more or less. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
