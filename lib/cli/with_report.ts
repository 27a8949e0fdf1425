/**
 * `client --report`.
 *
 * @module
 */
import type { ClientEvent } from "../client/events.ts";
import { ReportFile } from "./report_file.ts";
import { reportPage } from "../display/report/report_page.ts";
import { ReportRecord } from "../display/report/report_record.ts";

/**
 * Runs a download, and writes a report about it, however it ends.
 *
 * @param report Where the report goes.
 * @param input The input list, which it must not replace.
 * @param run Calls the function that it gets with every event.
 * @returns What `run` does.
 * @throws {UserError} If the report cannot be written; before the download if that is known then.
 */
export async function withReport<T>(
  report: string,
  input: string,
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
