/**
 * Checks of a server's paths: which of them may become files here, and which of them name the
 * same file. Pure.
 *
 * A server is not trusted: its paths may point to files outside the output folder, to devices, or
 * to the client's own data. Not guarded against, since only the disk can show it: symbolic links
 * on the way, and file systems that are not the platform's usual ones (FAT on Linux, an ext4
 * folder that ignores case). The code that opens the files must check for those.
 *
 * This room has helpers for files and paths: `safe_path.ts` (this), `wire_path.ts` (parts of
 * paths), `file_identity.ts` (a
 * content's identity from its metadata), `not_found.ts` (calls on paths that may not exist),
 * `lookups.ts` (looking paths up, waiting or not), `real_folders.ts` (proof that a file is inside a
 * folder), `write_all.ts` (writing without short writes), `disk_kind.ts` (whether a disk is local),
 * `out_of_descriptors.ts` (whether too many files are open). It imports `text` and the form of a
 * wire path from `protocol`; client, server, digest and cli may import it.
 *
 * @module
 */
import type { Platform } from "../platform.ts";
import { isWirePath, MAX_PATH_BYTES } from "../protocol/payloads.ts";
import { quoted } from "../text/sanitize.ts";

/** The folder below the output folder in which the client keeps its own data. */
export const OWN_FOLDER = ".sluice";

/** The longest segment: in bytes of UTF-8, but on Windows in UTF-16 units. */
const MAX_SEGMENT_LENGTH = 255;

const CONTROL = /\p{Cc}/u;
const NOT_ASCII = /\P{ASCII}/u;
/** The characters that HFS+ skips when it compares names, and some more without a glyph. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const WINDOWS_FORBIDDEN = /[\\<>:"|?*]/;
/** Reserved with any extension: `nul.txt` and even `NUL .txt` are the device. */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;
/** The short names that NTFS may give to `OWN_FOLDER`: its letters, or two of them and a hash. */
const WINDOWS_OWN_FOLDER = /^(?:sluice|sl[0-9a-f]{4})~\d$/i;

const encoder = new TextEncoder();

/**
 * The reason why a text is not a path that a server may list, as a short phrase; null if it is
 * one. Refuses everything that `isWirePath` refuses, and control characters.
 */
export function formRefusalOf(path: string): string | null {
  if (isWirePath(path)) return CONTROL.test(path) ? "it has a control character" : null;
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  if (!path.isWellFormed()) return "it is not valid Unicode";
  if (CONTROL.test(path)) return "it has a control character";
  for (const segment of path.split("/")) {
    if (segment === "") return path.endsWith("/") ? 'it ends in "/"' : "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a segment "${segment}"`;
  }
  return `it is longer than ${MAX_PATH_BYTES} bytes`;
}

/**
 * The reason why a server's path may not be written below an output folder, as a short phrase
 * ("it is absolute"); null if it may be.
 *
 * Refused everywhere: paths that `formRefusalOf` refuses, the client's own folder in any spelling,
 * segments that are too long. On Windows also: the characters `\ < > : " | ? *` (`:` covers drive
 * letters and alternate streams), names of devices, a dot or a space at the end of a segment. A
 * backslash is a plain letter elsewhere, and so is `:` on macOS, where only Finder shows it as `/`.
 *
 * @param path A path of the wire, with `/` between segments.
 * @param platform The platform on which the file would be written.
 */
export function refusalOf(path: string, platform: Platform): string | null {
  const form = formRefusalOf(path);
  if (form !== null) return form;
  const segments = path.split("/");
  if (isOwnFolder(segments[0] ?? "", platform)) {
    return `the client keeps its own data in ${quoted(OWN_FOLDER)}`;
  }
  for (const segment of segments) {
    const reason = segmentRefusal(segment, platform);
    if (reason !== null) return reason;
  }
  return null;
}

function segmentRefusal(segment: string, platform: Platform): string | null {
  if (platform === "windows") {
    const forbidden = WINDOWS_FORBIDDEN.exec(segment);
    if (forbidden !== null) return `Windows allows no ${forbidden[0]} in a name`;
    if (segment.endsWith(".") || segment.endsWith(" ")) {
      return "Windows drops a dot or a space at the end of a name";
    }
    if (WINDOWS_DEVICE.test(segment)) return `${quoted(segment)} is a device on Windows`;
  }
  if (lengthOf(segment, platform) > MAX_SEGMENT_LENGTH) {
    return `it has a segment longer than ${MAX_SEGMENT_LENGTH} ${
      platform === "windows" ? "characters" : "bytes"
    }`;
  }
  return null;
}

function lengthOf(segment: string, platform: Platform): number {
  const maxLength = platform === "windows" ? segment.length : segment.length * 3;
  return platform === "windows" || maxLength <= MAX_SEGMENT_LENGTH
    ? maxLength
    : encoder.encode(segment).length;
}

/** Stricter than any one file system, because the disk may come from another platform. */
function isOwnFolder(segment: string, platform: Platform): boolean {
  if (platform === "windows" && WINDOWS_OWN_FOLDER.test(segment)) return true;
  const plain = NOT_ASCII.test(segment)
    ? segment.normalize("NFKC").replace(IGNORABLE, "").toUpperCase()
    : segment;
  return plain.toLowerCase().startsWith(OWN_FOLDER) &&
    /^[. ]*$/.test(plain.slice(OWN_FOLDER.length));
}

/**
 * A key that is equal for two paths if they name the same file on a platform's usual file system.
 * For paths that `refusalOf` allows there.
 *
 * - macOS: ignores case, Unicode form and characters without a glyph.
 * - Windows: ignores case. NTFS compares with a table that was written when the disk was
 *   formatted; this key is at least as coarse. The short names (`LONGNA~1.TXT`) that NTFS may add
 *   are not covered.
 * - Others: the path itself.
 *
 * A coarser key is the safe choice: it may refuse and report one file too many, but never causes
 * one to be overwritten.
 *
 * @param path A path of the wire.
 * @param platform The platform on which the file would be written.
 */
export function foldedName(path: string, platform: Platform): string {
  if (platform === "windows") return simpleUpperCase(path);
  if (platform !== "darwin") return path;
  if (!NOT_ASCII.test(path)) return path.toUpperCase();
  // Lower case first, because only so "ẞ" becomes "SS"; upper case last: "σ" and "ς" meet there.
  return path.normalize("NFD").replace(IGNORABLE, "").toLowerCase().toUpperCase().normalize("NFD");
}

/** Keeps a letter whose upper case is longer: "ß" and "SS" are two names on NTFS. */
function simpleUpperCase(path: string): string {
  const upper = path.toLowerCase().toUpperCase();
  if (upper.length === path.length) return upper;
  return Array.from(path, (letter) => {
    const lower = sameLengthOr(letter, letter.toLowerCase());
    return sameLengthOr(lower, lower.toUpperCase());
  }).join("");
}

function sameLengthOr(letter: string, changed: string): string {
  return changed.length === letter.length ? changed : letter;
}
