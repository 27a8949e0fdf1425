import assert from "node:assert/strict";
import { Screen } from "../../../tools/pictures/screen.ts";
import { screenTest } from "../../support/bars_fixture.ts";

screenTest("Screen returns spans with their positions and styles", async () => {
  using screen = new Screen(20, 3);
  await screen.write(new TextEncoder().encode(
    "\x1b[1mbold one\x1b[22m  \x1b[36m▕█ ▏\x1b[39m日本\r\n\r\n\x1b[2mdim\x1b[22m",
  ));
  assert.deepEqual(screen.rows(), [
    [
      { column: 0, width: 8, text: "bold one", style: "bold" },
      { column: 10, width: 2, text: "▕█", style: "cyan" },
      { column: 13, width: 1, text: "▏", style: "cyan" },
      { column: 14, width: 4, text: "日本", style: "" },
    ],
    [],
    [{ column: 0, width: 3, text: "dim", style: "dim" }],
  ]);
});

screenTest("Screen shows the lower end of output that does not fit", async () => {
  using screen = new Screen(20, 2);
  await screen.write(new TextEncoder().encode("one\r\ntwo\r\nthree"));
  assert.deepEqual(screen.rows().map((row) => row[0]?.text), ["two", "three"]);
});
