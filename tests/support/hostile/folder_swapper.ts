/**
 * A local user who may write in the shared folder, and swaps a folder of it for a link to the
 * outside, and back, as fast as the machine can.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { startPython } from "./python_helper.ts";

/** Swaps pairs of names at changing speeds, for long or for moments; ends with its parent. */
const SWAP = `
import ctypes, os, random, sys, time
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
pairs = [tuple(map(os.fsencode, sys.argv[at:at + 2])) for at in range(1, len(sys.argv), 2)]
def swap():
    for a, b in pairs:
        if libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0:
            sys.exit(os.strerror(ctypes.get_errno()))
def pause(limit):
    if limit: time.sleep(random.uniform(0, limit))
swap()
swap()
os.write(1, b"swapping")
parent = os.getppid()
while os.getppid() == parent:
    inside, outside = random.choice([(0, 0), (0.001, 0), (0.001, 0.001), (0.002, 0.0002),
        (0.02, 0.0002), (0.02, 0.02), (0.1, 0.0005), (0.3, 0.002)])
    until = time.monotonic() + 0.3
    while time.monotonic() < until:
        swap()
        pause(outside)
        swap()
        pause(inside)
`;

/** The letter of which all files outside consist. */
export const OUTSIDE_LETTER = "S";
/** The size of all files outside that have no twin inside. */
export const OUTSIDE_SIZE = 4_321;
/** The end of the names that only files outside have. */
export const OUTSIDE_NAME = "secret.bin";

/** More files than a server keeps open. */
const FILES = 150;
const MODIFIED = new Date(1_700_000_000_000);

/** Swaps, until it is disposed of. */
export class FolderSwapper implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
  }

  /**
   * Makes files in a shared folder and in one outside, and begins to swap: `sub` for a link to the
   * folder outside, and a link to a shared file for one to a file outside.
   *
   * @returns Null if this machine cannot swap two names in one step.
   */
  static async start(shared: string, outside: string): Promise<FolderSwapper | null> {
    await makeTwins(join(shared, "sub"), "i", 1_234);
    await makeTwins(outside, OUTSIDE_LETTER, OUTSIDE_SIZE);
    for (const path of [OUTSIDE_NAME, `deep/${OUTSIDE_NAME}`]) {
      await Deno.writeTextFile(join(outside, path), OUTSIDE_LETTER);
    }
    const pairs = [["sub", ".sub"], ["link.bin", ".link.bin"]];
    await Deno.symlink(outside, join(shared, ".sub"));
    await Deno.symlink(join("sub", "1.bin"), join(shared, "link.bin"));
    await Deno.symlink(join(outside, "1.bin"), join(shared, ".link.bin"));
    const child = await startPython(SWAP, ...pairs.flat().map((name) => join(shared, name)));
    return child && new FolderSwapper(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself, which is a failure.
    }
    const { signal } = await this.#child.status;
    assert.equal(signal, "SIGKILL", "It has stopped swapping");
  }
}

/** Makes files with the same names, of which the even ones also have the same size and time. */
async function makeTwins(folder: string, letter: string, oddSize: number): Promise<void> {
  await Deno.mkdir(join(folder, "deep"), { recursive: true });
  for (let i = 0; i < FILES; i++) {
    const path = join(folder, i % 10 === 0 ? "deep" : "", `${i}.bin`);
    const size = i % 2 === 1 ? oddSize : i % 20 === 0 ? 300_000 : 1_000;
    await Deno.writeTextFile(path, letter.repeat(size));
    await Deno.utime(path, MODIFIED, MODIFIED);
  }
}
