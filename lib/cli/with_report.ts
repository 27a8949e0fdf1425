/**
 * The option `client --report`.
 *
 * @module
 */
import type { ClientEvent } from "../client/events.ts";
import type { ClientCommand } from "./client_options.ts";
import { ReportFile } from "./report_file.ts";
import { reportPage } from "../display/report/report_page.ts";
import { ReportRecord } from "../display/report/report_record.ts";

/**
 * Runs a download and writes its report, if the options name one, however the run ends.
 *
 * @param run The download; it calls its argument with every event.
 * @returns The result of `run`.
 * @throws {UserError} If the report cannot be written; before the download if possible.
 */
export async function withReport<T>(
  { report, input }: ClientCommand,
  run: (listen: (event: ClientEvent) => void) => Promise<T>,
): Promise<T> {
  if (report === null) return await run(() => {});
  using file = ReportFile.open(report, input);
  const record = new ReportRecord(performance.now());
  try {
    return await run((event) => record.handle(event, performance.now()));
  } finally {
    const { summary } = record;
    if (summary) file.write(reportPage(record, summary, new Date()));
  }
}
