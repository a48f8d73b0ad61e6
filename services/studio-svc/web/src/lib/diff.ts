export interface DiffLine {
  kind: "same" | "added" | "removed" | "place";
  text: string;
}

/** The lines of a unified diff, as the services write it. */
export function diffLines(unified: string): DiffLine[] {
  return unified
    .replace(/\n$/, "")
    .split("\n")
    .filter((line) => !/^(---|\+\+\+)( |$)/.test(line))
    .map((line) => {
      if (line.startsWith("@@")) return { kind: "place", text: line };
      if (line.startsWith("+")) return { kind: "added", text: line.slice(1) };
      if (line.startsWith("-")) return { kind: "removed", text: line.slice(1) };
      return { kind: "same", text: line.replace(/^ /, "") };
    });
}
