/**
 * A program that shows a server's table and ends suddenly, in the way that its argument names.
 *
 * @module
 */
import { ServerView } from "../../lib/display/server/server_view.ts";

function main(end: string): void {
  const view = new ServerView({ output: Deno.stderr, color: false, unicode: true });
  view.watch({ clients: [], totals: { clients: 0, files: 0, bytes: 0 } });
  view.log("a line");
  setTimeout(() => {
    view.log("the last line");
    if (end === "error") throw new Error("thrown in a callback");
    if (end === "rejection") Promise.reject(new Error("a promise that nobody awaits"));
    if (end === "exit") Deno.exit(7);
  }, 600);
}

if (import.meta.main) main(Deno.args[0] ?? "");
