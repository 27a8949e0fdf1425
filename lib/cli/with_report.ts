/**
 * The option `client --report`.
 *
 * @module
 */
import type { InputSource } from "../client/input/given_names.ts";
import type { ClientEvent } from "../client/events.ts";
import { ReportFile } from "./report_file.ts";
import { reportPage } from "../display/report/report_page.ts";
import { ReportRecord } from "../display/report/report_record.ts";

/**
 * Runs a download and writes its report, however the run ends.
 *
 * @param report The path of the report.
 * @param input The input list, which the report must not replace.
 * @param run The download; it calls its argument with every event.
 * @returns The result of `run`.
 * @throws {UserError} If the report cannot be written; before the download if possible.
 */
export async function withReport<T>(
  report: string,
  input: InputSource,
  run: (listen: (event: ClientEvent) => void) => Promise<T>,
): Promise<T> {
  using file = ReportFile.open(report, input);
  const record = new ReportRecord(performance.now());
  try {
    return await run((event) => record.handle(event, performance.now()));
  } finally {
    const { summary } = record;
    if (summary) file.write(reportPage(record, summary, new Date()));
  }
}
