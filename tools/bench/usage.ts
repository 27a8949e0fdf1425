/**
 * The memory and the processor time of a process. Linux only; null elsewhere.
 *
 * @module
 */

/** The unit of processor time in `/proc`: this many ticks are a second. */
const TICKS_PER_SECOND = 100;
/** The period at which peak memory is read, in milliseconds: it is gone when the process ends. */
const WATCH_MS = 50;

/** The peak memory of a process, in bytes; null if unknown. */
export function peakMemory(pid: number): number | null {
  const kibibytes = readProc(`${pid}/status`)?.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** The processor seconds that a process has used so far; null if unknown. */
export function processorSeconds(pid: number): number | null {
  return secondsIn(`${pid}/stat`, 0);
}

/** The same for all children of this process that have ended. */
export function endedChildrenSeconds(): number | null {
  return secondsIn("self/stat", 2);
}

/** Follows the peak memory of a process until it ends. */
export function watchPeak(pid: number): { stop(): number | null } {
  let peak = peakMemory(pid);
  const check = () => {
    peak = peakMemory(pid) ?? peak;
  };
  const timer = setInterval(check, WATCH_MS);
  return {
    stop() {
      clearInterval(timer);
      check();
      return peak;
    },
  };
}

/** User and system time, from the fields after the name, which may contain any characters. */
function secondsIn(path: string, skip: number): number | null {
  const text = readProc(path);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // The first field here is the third of proc(5), the state; user time is the fourteenth.
  const [user, system] = fields.slice(11 + skip, 13 + skip).map(Number);
  return (user! + system!) / TICKS_PER_SECOND;
}

function readProc(path: string): string | null {
  try {
    return Deno.readTextFileSync(`/proc/${path}`);
  } catch {
    return null;
  }
}
