import type { Frame } from "./recording.ts";
export function renderRun(frames: readonly Frame[], _: { columns: number; rows: number }): string {
  const out: string[] = [];
  for (const f of frames) out.push(`--- ${f.at}`, ...f.rows.map((r) => r.map((s) => s.look + ":" + s.column + ":" + s.text).join("|")));
  return out.join("\n");
}
