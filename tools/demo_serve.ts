/**
 * The demo's server alone, for a client that a person starts: over a line that is slow enough to
 * watch, until Ctrl+C.
 *
 * @module
 */
import { fillShare, LARGE_FILES } from "./demo_share.ts";
import { startRelay } from "./relay.ts";
import { startServer } from "./start_server.ts";

/** The port of both programs by default. */
const PORT = 9009;
/** The generated files are so many times as large as in the demo. */
const SCALE = 10;

/**
 * Shares the demo's files until the signal.
 *
 * @param share An empty folder.
 * @param line Bytes per second.
 * @param print Writes a line.
 */
export async function serveDemo(
  share: string,
  line: number,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  print("Generating files …");
  await fillShare(share, SCALE);
  await using server = await startServer(share, signal);
  await using relay = startRelay({ port: server.port, bytesPerSecond: line, listenOn: PORT });
  print(`Sharing files/ and ${LARGE_FILES.join(", ")} at 127.0.0.1:${relay.port},`);
  print(
    `over a line of ${line / 1e6} MB/s. Start a client in another terminal; Ctrl+C ends this one.`,
  );
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
