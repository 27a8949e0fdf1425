/**
 * The Worker that scans the shared folder. Everything is synchronous, which blocks only this
 * thread.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import type { SharedFile } from "../shared_file.ts";
import { scanFolder, ScanNotes } from "./folder_scan.ts";
import type { ScanCommand, ScanReply } from "./folder_scanner.ts";
import { packFiles, packPaths } from "./packed_files.ts";
import { ReadProbe } from "./read_probe.ts";
import { isSameRoot, rootOf, type SharedRoot } from "./shared_root.ts";

/** How many files are sent at once, and for how long they are kept to be that many. */
const BATCH = 4_096;
const BATCH_MS = 200;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ScanCommand>) => void;
  postMessage(reply: ScanReply): void;
};
const probe = new ReadProbe();
/** The folder of the last scan that succeeded. */
let known: SharedRoot | null = null;

scope.onmessage = ({ data }) => {
  try {
    scan(data);
  } catch (error) {
    scope.postMessage({ failure: messageOf(error) });
  }
};

function scan({ dir, hidden, paths }: ScanCommand): void {
  const start = performance.now();
  const root = rootOf(dir);
  // Nothing is known of another folder.
  const tops = isSameRoot(root, known) ? paths : [""];
  const notes = new ScanNotes(probe);
  let files: SharedFile[] = [];
  let sentAt = performance.now();
  for (const file of scanFolder({ root: root.path, hidden }, tops, notes)) {
    if (files.push(file) < BATCH && performance.now() - sentAt < BATCH_MS) continue;
    scope.postMessage({ files: packFiles(files) });
    files = [];
    sentAt = performance.now();
  }
  // Its files may have vanished only because it did.
  if (!isSameRoot(root, rootOf(dir))) throw new Error("The folder was replaced during the scan");
  known = root;
  const { folders, leftOut } = notes;
  scope.postMessage({
    files: packFiles(files),
    end: { root, tops, folders: packPaths(folders), leftOut, took: performance.now() - start },
  });
}
