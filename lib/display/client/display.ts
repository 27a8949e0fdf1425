/**
 * What shows a client's events to a person.
 *
 * The parts, from the caller down: `displays.ts` chooses one; `bars_writer.ts` (a terminal),
 * `plain.ts` (anything else), `json_lines.ts` (programs) and `quiet.ts` write; `terminal_painter.ts`
 * over `frame.ts` says which bytes; `bars.ts`, `status.ts`, `messages.ts`, `message_fold.ts`,
 * `summary.ts` and `file_list.ts` make lines of text; `progress.ts` over `file_table.ts` and
 * `rate_meter.ts` knows what there is to say. `bar.ts`, `bar_columns.ts`, `text_width.ts`,
 * `units.ts`, `paint.ts`, `clock.ts`, `locale.ts`, `terminal.ts` and `sudden_end.ts` help. Only
 * those that write touch anything outside.
 *
 * Beside them `report_page.ts` makes a page of what `report_record.ts` over `rate_history.ts` has
 * collected, with `report_plot.ts`, `report_style.ts` and `html.ts`.
 *
 * A server has `server_view.ts` (its terminal) over the same painter, `client_table.ts` and
 * `client_rates.ts`; `explanation_lines.ts` says beforehand what a download would do. Both stand on
 * `table.ts`.
 *
 * @module
 */
import type { ClientEvent } from "../../client/events.ts";

/** Shows what happens. */
export interface Display {
  /** Takes in one event. Never throws. */
  handle(event: ClientEvent): void;
  /** Ends with a summary, and leaves the terminal as it was. A second call does nothing. */
  close(): void;
}
