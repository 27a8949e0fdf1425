/**
 * The metrics, and their formats. Pure.
 *
 * @module
 */

/** The format of one metric. */
interface MetricStyle {
  /** The head of its column. */
  readonly title: string;
  readonly write: (value: number) => string;
}

const MB = 1_000_000;

/** All metrics. */
export const METRICS = {
  /** Seconds that the whole run took. */
  seconds: { title: "seconds", write: digits },
  /** Bytes of content a second. */
  rate: { title: "MB/s", write: (value) => (value / MB).toFixed(0) },
  /** How many files arrived. */
  files: { title: "files", write: (value) => value.toFixed(0) },
  filesPerSecond: { title: "files/s", write: (value) => value.toFixed(0) },
  /** The time until the CRITICAL file was published, in seconds. */
  criticalSeconds: { title: "CRITICAL s", write: digits },
  /** The time of the slowest client, divided by the median one's. */
  fairness: { title: "slowest/median", write: (value) => value.toFixed(2) },
  /** The time from the connection to the first byte of a file, in seconds. */
  firstByte: { title: "connect to first byte s", write: digits },
  /** The server's peak memory, in bytes. */
  serverPeak: { title: "server MB", write: (value) => (value / MB).toFixed(0) },
  clientPeak: { title: "client MB", write: (value) => (value / MB).toFixed(0) },
  /** Processor seconds. */
  serverCpu: { title: "server CPU s", write: digits },
  clientCpu: { title: "client CPU s", write: digits },
  serverCpuPerGB: { title: "server CPU s/GB", write: digits },
  clientCpuPerGB: { title: "client CPU s/GB", write: digits },
  /** The throughput, as a fraction of the line's capacity. */
  lineShare: { title: "share of the line", write: (value) => value.toFixed(3) },
} as const satisfies Record<string, MetricStyle>;

/** A metric. */
export type Metric = keyof typeof METRICS;

/** The figures of one run. */
export type Sample = Readonly<Partial<Record<Metric, number>>>;

/** Formats a value with about three digits. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
