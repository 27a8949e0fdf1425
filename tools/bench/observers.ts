/**
 * The cost of a client's run, apart from its time.
 *
 * @module
 */
import type { Sample } from "./metrics.ts";
import { endedChildrenSeconds, peakMemory, processorSeconds, watchPeak } from "./usage.ts";

const GB = 1_000_000_000;

/** Observes one run of a client, and adds figures to it. */
export interface Observer {
  /** Called when the client has been started. */
  started(pid: number): void;
  /** Called when the client has ended. */
  ended(): Sample;
}

/**
 * Measures the memory and the processor time of a client and its server.
 *
 * The client must be the only child process that ends during the run.
 *
 * @param server The server's process id.
 * @param bytes The size of the download.
 */
export function usageObserver(server: number, bytes: number): Observer {
  const before = { server: processorSeconds(server), client: endedChildrenSeconds() };
  let clientMemory: { stop(): number | null } | undefined;
  return {
    started(pid) {
      clientMemory = watchPeak(pid);
    },
    ended() {
      const serverCpu = difference(processorSeconds(server), before.server);
      const clientCpu = difference(endedChildrenSeconds(), before.client);
      return known({
        serverPeak: peakMemory(server),
        clientPeak: clientMemory?.stop() ?? null,
        serverCpu,
        clientCpu,
        serverCpuPerGB: serverCpu === null ? null : serverCpu / bytes * GB,
        clientCpuPerGB: clientCpu === null ? null : clientCpu / bytes * GB,
      });
    },
  };
}

function difference(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}

/** The figures that are not null. */
function known(figures: Readonly<Record<string, number | null>>): Sample {
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure !== null));
}
