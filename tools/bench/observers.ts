/**
 * What a run of a client costs, beside its time.
 *
 * @module
 */
import type { Sample } from "./metrics.ts";
import { endedChildrenSeconds, peakMemory, processorSeconds, watchPeak } from "./usage.ts";

const GB = 1_000_000_000;

/** Follows one run of a client, to add figures of its own. */
export interface Observer {
  /** The client has been started. */
  started(pid: number): void;
  /** It has ended. */
  ended(): Sample;
}

/**
 * Notes memory and processor time of a client and its server.
 *
 * The client is to be the only child that ends meanwhile.
 *
 * @param server The server's process id.
 * @param bytes What is downloaded.
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

/** The figures that there are. */
function known(figures: Readonly<Record<string, number | null>>): Sample {
  return Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure !== null));
}
