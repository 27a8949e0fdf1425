/**
 * A real browser, if this machine has one.
 *
 * @module
 */
import { join } from "@std/path";
import { writeLine } from "../../lib/cli/main.ts";
import { tempFolder } from "./harness.ts";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

/** The longest time for a browser to load a page, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** A page as a browser shows it. */
export interface BrowserView {
  /** The document after it was loaded, as HTML. */
  readonly dom: string;
  /** The browser's console messages: errors, refused resources. */
  readonly messages: readonly string[];
}

/** Opens a file in a browser; returns null and prints why if there is none. */
export async function openInBrowser(path: string): Promise<BrowserView | null> {
  await using profile = await tempFolder();
  for (const browser of BROWSERS) {
    try {
      return await run(browser, path, join(profile.path, "profile"));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  writeLine(Deno.stderr, `Skipped: this machine has none of ${BROWSERS.join(", ")}`);
  return null;
}

async function run(browser: string, path: string, profile: string): Promise<BrowserView> {
  const { stdout, stderr, success } = await new Deno.Command(browser, {
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...[`--user-data-dir=${profile}`, "--enable-logging=stderr", "--dump-dom", path],
    ],
    stdin: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  const decoder = new TextDecoder();
  const log = decoder.decode(stderr);
  if (!success) throw new Error(`The browser failed:\n${log}`);
  const messages = log.split("\n").filter((line) => line.includes("CONSOLE"));
  return { dom: decoder.decode(stdout), messages };
}
