/**
 * All cases, in order.
 *
 * @module
 */
import type { BenchCase } from "./bench_case.ts";
import { CLIENTS_CASE } from "./cases/clients_case.ts";
import { DOWNLOAD_CASES } from "./cases/download_cases.ts";
import { FOLDER_CASE } from "./cases/folder_case.ts";
import { COUNT_CASE, SIZE_CASE } from "./cases/growth_cases.ts";
import { LINE_CASE } from "./cases/line_case.ts";
import { MIX_CASE } from "./cases/mix_case.ts";
import { NOWHERE_CASE } from "./cases/nowhere_case.ts";
import { STARTUP_CASE } from "./cases/startup_case.ts";

/** The cases, from the most important one to the slowest one. */
export const CASES: readonly BenchCase[] = [
  NOWHERE_CASE,
  ...DOWNLOAD_CASES,
  MIX_CASE,
  CLIENTS_CASE,
  FOLDER_CASE,
  STARTUP_CASE,
  LINE_CASE,
  COUNT_CASE,
  SIZE_CASE,
];
