/**
 * Small programs in Python, for calls to the system that Deno does not have.
 *
 * @module
 */

/** Starts a program that prints something once it is ready; null if this machine cannot run it. */
export async function startPython(
  program: string,
  ...args: readonly string[]
): Promise<Deno.ChildProcess | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("python3", {
      args: ["-c", program, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return null;
  }
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  if (!done) return child;
  await child.status;
  return null;
}
