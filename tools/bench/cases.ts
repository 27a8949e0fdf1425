/**
 * All cases, in order.
 *
 * @module
 */
import type { BenchCase } from "./bench_case.ts";
import { DOWNLOAD_CASES } from "./cases/download_cases.ts";
import { MIX_CASE } from "./cases/mix_case.ts";
import { NOWHERE_CASE } from "./cases/nowhere_case.ts";

export const CASES: readonly BenchCase[] = [NOWHERE_CASE, ...DOWNLOAD_CASES, MIX_CASE];
