import { ANSWERS } from "../support/hostile/server_rows_answers.ts";
import { LINES } from "../support/hostile/server_rows_lines.ts";
import { LINKS } from "../support/hostile/server_rows_links.ts";
import { LISTS } from "../support/hostile/server_rows_lists.ts";
import { SWAPS } from "../support/hostile/server_rows_swaps.ts";
import { runServerRow, type ServerRow } from "../support/hostile/server_row.ts";

/** A misbehaving peer may have a timer left when its test is over. */
const OPTIONS = { sanitizeOps: false };

/** All ways for a server to misbehave. */
const TABLE: readonly ServerRow[] = [...LISTS, ...ANSWERS, ...LINES, ...LINKS, ...SWAPS];

for (const row of TABLE) {
  Deno.test(`client survives a server with ${row.name}`, OPTIONS, () => runServerRow(row));
}
