/**
 * The rates of a run and its files, and the times left, which follow from the client's own schedule.
 *
 * @module
 */
import { forecast } from "../../client/schedule/forecast.ts";
import { MAX_ACTIVE_FILES } from "../../client/schedule/scheduler.ts";
import { perPriority, type Priority } from "../../client/priority.ts";
import { type FileState, isSmall } from "./file_table.ts";
import { RateMeter, STEADY_WINDOW } from "./rate_meter.ts";

/** After this time without a byte, in milliseconds, the run stands still. */
const STALLED_MS = 2_000;
/** A forecast is used for one millisecond per so many files: it takes longer, and changes less. */
const FILES_PER_MS = 10;

/** The times left of all files, as they were at `at`. */
interface Forecast {
  readonly at: number;
  readonly validUntil: number;
  readonly times: ReadonlyMap<FileState, number>;
  /** The times of the last small files. */
  readonly small: Readonly<Record<Priority, number>>;
}

/** The rates of one run. Times are in milliseconds of any one clock. */
export class RunRates {
  readonly #all = new RateMeter();
  readonly #priorities = perPriority(() => new RateMeter());
  readonly #small = perPriority(() => new RateMeter());
  readonly #meters = new Map<FileState, RateMeter>();
  #lastByteAt = 0;
  #forecast: Forecast | null = null;

  /** Measures a file from now on. */
  begin(file: FileState, now: number): void {
    if (this.#meters.size === 0) this.resume(now);
    this.#priorities[file.priority].add(0, now);
    if (isSmall(file)) this.#small[file.priority].add(0, now);
    const meter = new RateMeter();
    meter.add(0, now);
    this.#meters.set(file, meter);
  }

  /** Stops measuring a file. */
  end(file: FileState): void {
    this.#meters.delete(file);
  }

  /** Whether a file is measured. */
  has(file: FileState): boolean {
    return this.#meters.has(file);
  }

  /** Begins to wait for bytes. */
  resume(now: number): void {
    this.#all.add(0, now);
    this.#lastByteAt = now;
  }

  /** Adds received bytes of a file. */
  add(file: FileState, bytes: number, now: number): void {
    this.#all.add(bytes, now);
    this.#priorities[file.priority].add(bytes, now);
    if (isSmall(file)) this.#small[file.priority].add(bytes, now);
    this.#meters.get(file)?.add(bytes, now);
    if (bytes > 0) this.#lastByteAt = now;
  }

  /** The time of the last byte if the run stands still while bytes are awaited, else null. */
  stalledSince(now: number): number | null {
    const isStalled = this.#meters.size > 0 && now - this.#lastByteAt >= STALLED_MS;
    return isStalled ? this.#lastByteAt : null;
  }

  /** Bytes per second of all files together. */
  rate(now: number): number {
    return this.#rateOf(this.#all, now);
  }

  /** Bytes per second of one file. */
  fileRate(file: FileState, now: number): number {
    return this.#rateOf(this.#meters.get(file), now);
  }

  /** Bytes per second of all files of one priority. */
  priorityRate(priority: Priority, now: number): number {
    return this.#rateOf(this.#priorities[priority], now);
  }

  /** Bytes per second of the small files of one priority. */
  smallRate(priority: Priority, now: number): number {
    return this.#rateOf(this.#small[priority], now);
  }

  /**
   * Milliseconds until all files are complete; null if unknown.
   *
   * @param left The bytes of all files that are still to be received.
   */
  timeLeft(left: number, now: number): number | null {
    if (left <= 0) return 0;
    const rate = this.#steadyRate(now);
    return rate > 0 ? left * 1000 / rate : null;
  }

  /**
   * Milliseconds until one file is complete; null if unknown.
   *
   * @param files All files that are not complete, in the order in which they begin.
   */
  fileTimeLeft(file: FileState, files: () => FileState[], now: number): number | null {
    const forecast = this.#forecastAt(now, files);
    return timeIn(forecast, forecast?.times.get(file), now);
  }

  /** Milliseconds until all small files of one priority are complete; null if unknown. */
  smallTimeLeft(priority: Priority, files: () => FileState[], now: number): number | null {
    const forecast = this.#forecastAt(now, files);
    return timeIn(forecast, forecast?.small[priority], now);
  }

  #forecastAt(now: number, files: () => FileState[]): Forecast | null {
    const rate = this.#steadyRate(now);
    if (rate === 0) return null;
    if (this.#forecast === null || now >= this.#forecast.validUntil) {
      this.#forecast = forecastOf(files(), rate, now);
    }
    return this.#forecast;
  }

  #steadyRate(now: number): number {
    return this.#rateOf(this.#all, now, STEADY_WINDOW);
  }

  /** The rate of a meter; 0 while the run stands still. */
  #rateOf(meter: RateMeter | undefined, now: number, window?: number): number {
    return meter && this.stalledSince(now) === null ? meter.rate(now, window) : 0;
  }
}

function forecastOf(files: readonly FileState[], rate: number, at: number): Forecast {
  const pending = files.map((file) => ({
    file,
    priority: file.priority,
    left: file.size - file.received,
  }));
  const times = forecast(pending, rate, MAX_ACTIVE_FILES);
  const small = perPriority(() => 0);
  for (const [{ file }, time] of times) {
    if (isSmall(file)) small[file.priority] = Math.max(small[file.priority], time);
  }
  return {
    at,
    validUntil: at + Math.max(1, files.length / FILES_PER_MS),
    times: new Map(Array.from(times, ([{ file }, time]) => [file, time])),
    small,
  };
}

/** A time of a forecast as it is now. */
function timeIn(forecast: Forecast | null, time: number | undefined, now: number): number | null {
  return forecast === null || time === undefined ? null : Math.max(0, time - (now - forecast.at));
}
