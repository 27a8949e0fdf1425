// The signatures of the parts of `@std/*` that Sluice uses: `deno.json` resolves `@std/*` to plain
// JavaScript. If `@std/*` comes from JSR, this file and its line in `deno.json` can be removed.

declare module "@std/cli/parse-args" {
  export function parseArgs(
    args: readonly string[],
    options: {
      boolean?: readonly string[];
      string?: readonly string[];
      collect?: readonly string[];
      alias?: Record<string, string>;
      "--"?: boolean;
      unknown?: (arg: string, key?: string, value?: unknown) => unknown;
    },
  ): { _: (string | number)[]; "--"?: string[]; [option: string]: unknown };
}

declare module "@std/fmt/bytes" {
  export function format(
    bytes: number,
    options?: { binary?: boolean; minimumFractionDigits?: number; maximumFractionDigits?: number },
  ): string;
}

declare module "@std/fmt/colors" {
  export function bold(text: string): string;
  export function dim(text: string): string;
  export function red(text: string): string;
  export function green(text: string): string;
  export function yellow(text: string): string;
  export function cyan(text: string): string;
  export function rgb8(text: string, color: number): string;
}

declare module "@std/fs/walk" {
  export interface WalkEntry {
    path: string;
    name: string;
    isFile: boolean;
    isDirectory: boolean;
    isSymlink: boolean;
  }
  export function walk(
    root: string,
    options?: {
      maxDepth?: number;
      includeDirs?: boolean;
      includeFiles?: boolean;
      includeSymlinks?: boolean;
      followSymlinks?: boolean;
      skip?: RegExp[];
    },
  ): AsyncIterableIterator<WalkEntry>;
}

declare module "@std/path" {
  export const SEPARATOR: string;
  export function join(...paths: string[]): string;
  export function dirname(path: string): string;
  export function basename(path: string): string;
  export function resolve(...paths: string[]): string;
  export function relative(from: string, to: string): string;
  export function fromFileUrl(url: string | URL): string;
}
