/**
 * What a process has taken of the machine. Linux only: elsewhere there are no such figures.
 *
 * @module
 */

/** Processor time in `/proc` is counted in these parts of a second. */
const TICKS_PER_SECOND = 100;
/** How often to look at a process that will be gone when it has ended, in milliseconds. */
const WATCH_MS = 50;

/** The most memory that a process ever had, in bytes; null if nobody can tell. */
export function peakMemory(pid: number): number | null {
  const kibibytes = readProc(`${pid}/status`)?.match(/^VmHWM:\s+(\d+) kB$/m)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** The processor seconds that a process has used so far; null if nobody can tell. */
export function processorSeconds(pid: number): number | null {
  return secondsIn(`${pid}/stat`, 0);
}

/** The same of all children of this process that have ended. */
export function endedChildrenSeconds(): number | null {
  return secondsIn("self/stat", 2);
}

/** Follows the peak memory of a process until it ends. */
export function watchPeak(pid: number): { stop(): number | null } {
  let peak = peakMemory(pid);
  const look = () => {
    peak = peakMemory(pid) ?? peak;
  };
  const timer = setInterval(look, WATCH_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

/** User and system time, from the fields behind the name, which may hold anything. */
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
