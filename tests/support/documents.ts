/**
 * The documents of the repository, as the tests read them.
 *
 * @module
 */

/** One Markdown file. */
export interface Document {
  /** Relative to the repository's folder, `/` between segments. */
  readonly path: string;
  readonly text: string;
}

const ROOT = new URL("../../", import.meta.url);

/** The folders that have documents, and the one of the repository itself. */
const FOLDERS = ["", "docs/", ".github/"];

/** The URL of a file of the repository. */
export function repositoryUrl(path: string): URL {
  return new URL(path, ROOT);
}

/** Reads one document. */
export async function readDocument(path: string): Promise<Document> {
  return { path, text: await Deno.readTextFile(repositoryUrl(path)) };
}

/** Reads README.md, docs/*.md and .github/*.md. */
export async function readDocuments(): Promise<Document[]> {
  const paths: string[] = [];
  for (const folder of FOLDERS) {
    for await (const { isFile, name } of Deno.readDir(repositoryUrl(`./${folder}`))) {
      if (isFile && name.endsWith(".md")) paths.push(folder + name);
    }
  }
  return await Promise.all(paths.sort().map(readDocument));
}

/** A document's text without its fenced code blocks. */
export function proseOf({ text }: Document): string {
  return text.replace(/^```.*\n[^]*?^```$/gm, "");
}

/** The part of a document below a heading, up to the next heading of its level or above. */
export function sectionOf({ path, text }: Document, heading: string): string {
  const level = heading.match(/^#+/)![0].length;
  const [, section] = text.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`${path} has no heading "${heading}"`);
  return section.split(new RegExp(`\n#{1,${level}} `))[0]!;
}

/** The cells of every row of a section's tables, heads and rules included. */
export function rowsOf(section: string): string[][] {
  return section.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}
