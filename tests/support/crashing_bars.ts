/**
 * A program that shows bars and ends suddenly, in the way that its argument names.
 *
 * @module
 */
import { BarsDisplay, FRAME_PERIOD } from "../../lib/display/client/bars_writer.ts";
import { CONNECTED, queued, started } from "./fake_terminal.ts";

const ENDS: Readonly<Record<string, () => void>> = {
  exception: () => {
    throw new Error("on purpose");
  },
  rejection: () => {
    Promise.reject(new Error("on purpose"));
  },
  exit: () => Deno.exit(7),
};

if (import.meta.main) {
  const size = () => ({ columns: 80, rows: 24 });
  const style = { color: false, unicode: true, input: null, serverCommand: "" };
  const options = { output: Deno.stdout, size, ...style };
  const display = new BarsDisplay(options);
  for (const event of [CONNECTED, queued("a", 100), started("a")]) display.handle(event);
  setTimeout(ENDS[Deno.args[0] ?? ""]!, 6 * FRAME_PERIOD);
}
