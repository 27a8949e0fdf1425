/**
 * Starts the real server on a free port.
 *
 * @module
 */
import { programArgs } from "./programs.ts";

/** A running server. */
export interface StartedServer extends AsyncDisposable {
  /** Its port on this machine. */
  readonly port: number;
}

/**
 * Starts a server.
 *
 * @param share The folder that it shares.
 * @param signal Ends it.
 */
export async function startServer(share: string, signal: AbortSignal): Promise<StartedServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: programArgs("server", ["--dir", share, "--port", "0"]),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    signal,
  }).spawn();
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const port = Number(value?.match(/:(\d+)\n/)?.[1]);
  return {
    port,
    async [Symbol.asyncDispose]() {
      // Not SIGTERM, which a child on Windows cannot handle.
      try {
        child.kill("SIGINT");
      } catch {
        // It has ended: Ctrl+C reaches all programs of a terminal.
      }
      await child.status;
    },
  };
}
