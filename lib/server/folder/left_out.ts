/**
 * The places of the shared folder that are not shared although their names do not hide them, and
 * why. Pure; `folder_scan.ts` finds them.
 *
 * @module
 */
import type { ServerEvent } from "../events.ts";
import { isAtOrUnder } from "./path_set.ts";

/** The kinds of places, with the names of their counts in the log. */
const COUNTS = {
  "unreadable folder": "unreadableFolders",
  "unreadable file": "unreadableFiles",
  "unusable name": "unusableNames",
  "link that leads out": "linksOut",
  "broken link": "brokenLinks",
  "link to a folder": "linkedFolders",
} as const;

/** Why a place is left out. */
export type LeftOutKind = keyof typeof COUNTS;

/** A place that is left out. */
export interface LeftOut {
  /** Its wire path; bytes that are not UTF-8 are replaced. */
  readonly path: string;
  readonly kind: LeftOutKind;
  /** The system's error, such as `EACCES`; empty if there is none. */
  readonly code: string;
}

/** How many places of each kind are left out. */
export type LeftOutCounts = {
  readonly [Kind in LeftOutKind as (typeof COUNTS)[Kind]]: number;
};

/** A report for the log. */
export type LeftOutReport = Extract<
  ServerEvent,
  { readonly event: "left_out" | "place_left_out" | "place_recovered" }
>;

/** How many places a summary names. */
const EXAMPLES = 3;
/** More changes than this at once are one summary. */
const MAX_CHANGES = 10;

/** What a scan means for the places that are left out. */
export interface ScannedPlaces {
  /** The paths that were scanned. */
  readonly tops: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
  /** Whether a path is shared now. */
  isShared(path: string): boolean;
  /** How many listed files at or under a path the scan did not find again. */
  filesLost(path: string): number;
}

/** The places that are left out now. */
export class LeftOutPlaces {
  readonly #places = new Map<string, LeftOut & { times: number }>();

  /** Takes the result of the first scan; there is no report if nothing is left out. */
  begin(leftOut: readonly LeftOut[]): LeftOutReport[] {
    this.#addAll(leftOut);
    return this.#places.size > 0 ? [this.#summary()] : [];
  }

  /** Takes the result of a later scan, and reports the differences. */
  update({ tops, leftOut, isShared, filesLost }: ScannedPlaces): LeftOutReport[] {
    const before = new Map(this.#places);
    for (const path of before.keys()) if (isAtOrUnder(path, tops)) this.#places.delete(path);
    this.#addAll(leftOut);
    const appeared = [...this.#places.values()]
      .filter(({ path, kind }) => before.get(path)?.kind !== kind);
    const recovered = [...before.keys()]
      .filter((path) => !this.#places.has(path) && isShared(path));
    if (appeared.length + recovered.length > MAX_CHANGES) return [this.#summary()];
    return [
      ...appeared.map((place): LeftOutReport => ({
        event: "place_left_out",
        path: place.path,
        reason: describe(place),
        files: filesLost(place.path),
      })),
      ...recovered.map((path): LeftOutReport => ({ event: "place_recovered", path })),
    ];
  }

  /** Different names that are not UTF-8 may look alike. */
  #addAll(leftOut: readonly LeftOut[]): void {
    for (const place of leftOut) {
      const times = (this.#places.get(place.path)?.times ?? 0) + 1;
      this.#places.set(place.path, { ...place, times });
    }
  }

  #summary(): LeftOutReport {
    const places = [...this.#places.values()];
    const counts = Object.entries(COUNTS).map(([kind, name]) => {
      const alike = places.filter((place) => place.kind === kind);
      return [name, alike.reduce((sum, { times }) => sum + times, 0)];
    });
    const examples = places.slice(0, EXAMPLES)
      .map((place) => `${place.path}: ${describe(place)}`).join("; ");
    return {
      event: "left_out",
      ...Object.fromEntries(counts) as LeftOutCounts,
      examples: places.length > EXAMPLES ? `${examples}; …` : examples,
    };
  }
}

function describe({ kind, code }: LeftOut): string {
  return code === "" ? kind : `${kind} (${code})`;
}
