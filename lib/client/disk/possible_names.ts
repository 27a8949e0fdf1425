/**
 * Tries whether a file system can hold a name, before anything of its file is fetched. Names of
 * common letters and length are possible everywhere, so most files cost no call.
 *
 * @module
 */
import { SEPARATOR } from "@std/path";
import { codeOf, OutputError } from "../../errors.ts";
import { quoted } from "../../text/sanitize.ts";

/** The prefix of folders in which names are tried. */
const TRIAL = ".sluice-names-";
/** Names up to this length, in bytes, are possible everywhere. */
const COMMON_LENGTH = 64;
const COMMON_LETTER = /[\w .()+,=@~-]/;
/** A path of common names; FAT drops a dot or a space at the end of a name. */
const COMMON_PATH = /^(?:[\w .()+,=@~-]{0,63}[\w()+,=@~-](?:\/|$))+$/;
/** Codes of errors that a name can cause, in a folder that could just be created. */
const NAME_CODES: ReadonlySet<string | undefined> = new Set([
  "ENAMETOOLONG",
  "EINVAL",
  "EILSEQ",
  "EPERM",
  "EACCES",
  "ENOTSUP",
]);
const ADVICE = "rename it on the server, or name an output folder on another disk with --output";

/** The properties of names that are possible on one file system, as far as they were tried. Pure. */
export class NameTrials {
  readonly #letters = new Set<string>();
  #length = COMMON_LENGTH;

  /** Whether a name has a property that was not tried yet. */
  mustTry(name: string): boolean {
    return bytesOf(name) > this.#length || unusualIn(name).some((it) => !this.#letters.has(it));
  }

  /** Records that a name is possible. */
  passed(name: string): void {
    this.#length = Math.max(this.#length, bytesOf(name));
    for (const letter of unusualIn(name)) this.#letters.add(letter);
  }
}

/** Tries names in folders. */
export class PossibleNames {
  /** Another thread may try names, too. */
  readonly #trial = TRIAL + crypto.randomUUID();
  readonly #trials = new Map<string, NameTrials>();

  /**
   * Checks that the names of a path are possible. They are tried once for each unusual letter and
   * length, in a folder that is removed at once.
   *
   * @param path The file's path on the server.
   * @param folder An existing folder of the file system.
   * @throws {OutputError} If a name is not possible.
   * @throws {Error} If that cannot be tried.
   */
  assertPossible(path: string, folder: string): void {
    if (COMMON_PATH.test(path)) return;
    let trials = this.#trials.get(folder);
    if (!trials) this.#trials.set(folder, trials = new NameTrials());
    for (const name of path.split("/")) {
      if (!trials.mustTry(name)) continue;
      tryName(`${folder}${SEPARATOR}${this.#trial}`, name);
      trials.passed(name);
    }
  }
}

/** Whether a look-up failed because the name of the path is not possible: nothing is there. */
export function isNameError(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENAMETOOLONG" || code === "EINVAL" || code === "EILSEQ";
}

/** Removes the trials of clients that were killed. */
export async function removeTrials(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const isTrial = isDirectory && name.startsWith(TRIAL);
    if (isTrial) await Deno.remove(`${folder}${SEPARATOR}${name}`, { recursive: true });
  }
}

function tryName(folder: string, name: string): void {
  Deno.mkdirSync(folder, { recursive: true });
  try {
    Deno.writeFileSync(`${folder}${SEPARATOR}${name}`, new Uint8Array());
  } catch (error) {
    const code = codeOf(error);
    if (!NAME_CODES.has(code) && !(error instanceof Deno.errors.InvalidData)) throw error;
    const reason = code === "ENAMETOOLONG" ? "it is too long" : `the system says ${code}`;
    throw impossible(name, reason, error);
  } finally {
    removeTrial(folder, name);
  }
}

/** Removes a trial, and checks that it has the name that it was given. */
function removeTrial(folder: string, name: string): void {
  const names = Array.from(Deno.readDirSync(folder), (entry) => entry.name);
  Deno.removeSync(folder, { recursive: true });
  const isThere = names.some((other) => other.normalize() === name.normalize());
  if (names.length > 0 && !isThere) throw impossible(name, "the file system changes it");
}

function impossible(name: string, reason: string, cause?: unknown): OutputError {
  const message = `the output folder's disk cannot hold the name ${quoted(name)}: ${reason}`;
  return new OutputError(message, { cause, advice: ADVICE });
}

/** The unusual properties of a name: its letters, and a dot or a space at its end. */
function unusualIn(name: string): string[] {
  const letters = Array.from(name).filter((letter) => !COMMON_LETTER.test(letter));
  return /[. ]$/.test(name) ? [...letters, `${name.at(-1)} at the end`] : letters;
}

function bytesOf(name: string): number {
  return new TextEncoder().encode(name).length;
}
