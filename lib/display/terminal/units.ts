/**
 * Amounts as people read them: bytes, rates and times. Every text is short and of bounded width,
 * so that columns can have a fixed width.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";

/** The maximum width of {@linkcode formatBytes}. */
export const BYTES_WIDTH = 8;

/** The maximum width of {@linkcode formatBytesOf}. */
export const BYTES_OF_WIDTH = 13;

/** The maximum width of {@linkcode formatRate}. */
export const RATE_WIDTH = BYTES_WIDTH + 2;

/** The maximum width of {@linkcode formatDuration}. */
export const DURATION_WIDTH = 8;

const SECOND = 1000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Longer times are shown in days. */
const MAX_ON_CLOCK = 100 * HOUR;

const MAX_DAYS = 999;

/**
 * Bytes in binary units with three digits: `512 B`, `1.20 MiB`, `1020 KiB`.
 *
 * @param bytes Anything not finite or below 0 counts as 0.
 */
export function formatBytes(bytes: number): string {
  const whole = Math.floor(atLeastZero(bytes));
  if (whole < 1024) return `${whole} B`;
  const [amount = "", unit = ""] = format(whole, { binary: true }).split(" ");
  const digits = Number(amount) < 1000 ? Number(amount).toPrecision(3) : amount;
  return `${digits} ${unit.replace("k", "K")}`;
}

/** An amount of a size, in the size's unit: `1.20/2.61 GiB`. */
export function formatBytesOf(bytes: number, size: number): string {
  const [total = "", unit = ""] = formatBytes(size).split(" ");
  const share = size > 0 ? Math.min(atLeastZero(bytes) / size, 1) : 0;
  const decimals = total.split(".")[1]?.length ?? 0;
  return `${(Number(total) * share).toFixed(decimals)}/${total} ${unit}`;
}

/** Bytes a second: `112 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/**
 * A time as on a clock, rounded up to seconds: `0:07`, `1:02:03`; from 100 hours on `4 days`.
 *
 * @param milliseconds Anything not finite or below 0 counts as 0.
 */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.ceil(atLeastZero(milliseconds) / SECOND);
  if (seconds >= MAX_ON_CLOCK) {
    return `${Math.min(Math.floor(seconds / DAY), MAX_DAYS)} days`;
  }
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor(seconds % HOUR / MINUTE);
  const twoDigits = (amount: number) => String(amount).padStart(2, "0");
  if (hours === 0) return `${minutes}:${twoDigits(seconds % MINUTE)}`;
  return `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % MINUTE)}`;
}

/** An elapsed time: `0.4 s`; from ten seconds on as {@linkcode formatDuration}. */
export function formatElapsed(milliseconds: number): string {
  const passed = atLeastZero(milliseconds);
  return passed < 9950 ? `${(passed / SECOND).toFixed(1)} s` : formatDuration(passed);
}

/** A part of a whole in percent: `66.7%`. */
export function formatPart(part: number): string {
  return `${(100 * Math.min(atLeastZero(part), 1)).toFixed(1)}%`;
}

/** A count and its noun: `1 file`, `12 files`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function atLeastZero(amount: number): number {
  return Number.isFinite(amount) ? Math.max(0, amount) : 0;
}
