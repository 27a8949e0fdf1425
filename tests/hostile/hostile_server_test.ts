import { ANSWERS } from "../support/hostile/server_rows_answers.ts";
import { LINES } from "../support/hostile/server_rows_lines.ts";
import { LINKS } from "../support/hostile/server_rows_links.ts";
import { LISTS } from "../support/hostile/server_rows_lists.ts";
import { SWAPS } from "../support/hostile/server_rows_swaps.ts";
import { meetHostileServer, type ServerRow } from "../support/hostile/server_row.ts";

/** A peer that misbehaves may still be pausing when its test is over. */
const OPTIONS = { sanitizeOps: false };

/** What a server may do to a client. */
const TABLE: readonly ServerRow[] = [...LISTS, ...ANSWERS, ...LINES, ...LINKS, ...SWAPS];

for (const row of TABLE) {
  Deno.test(`client meets a server: ${row.name}`, OPTIONS, () => meetHostileServer(row));
}
