/** "1-5, 9" as people count (from 1) to the slices z (from 0); null means all. */
export function parseSlices(text: string, depth: number): number[] | null {
  const wanted = text.trim();
  if (wanted === "" || wanted.toLowerCase() === "all") return null;
  const found = new Set<number>();
  for (const part of wanted.split(",")) {
    const match = /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(part);
    if (!match) throw new RangeError(`“${part.trim()}” is no slice; write for instance 1-5, 9.`);
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 1 || to > depth || from > to) {
      throw new RangeError(`Slices go from 1 to ${depth}; “${part.trim()}” lies outside.`);
    }
    for (let z = from; z <= to; z++) found.add(z - 1);
  }
  return [...found].sort((a, b) => a - b);
}

export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let size = bytes;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${size < 10 && at > 0 ? size.toFixed(1) : Math.round(size)}\u202f${units[at]}`;
}
