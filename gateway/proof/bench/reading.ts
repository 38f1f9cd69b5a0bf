import type { BenchCase } from './cases.ts';
import type { Row } from './result.ts';
import { formatRatio } from './table.ts';

/** Nearer than this to each other, two medians are called equal: the rounds themselves lie further apart. */
const equalWithin = 0.05;

/** One peer's row of a case in words: its cost relative to the yardstick, and which peers are cheaper and dearer. */
export function renderReading(
  benchCase: BenchCase,
  rows: readonly Row[],
  subject: string,
  yardstick: string,
): string {
  const own = costOf(rows.find((row) => row.peer === subject));
  if (own === null) return `- **${benchCase.title}**: no valid measurement of ${subject}.`;
  const others = rows.filter((row) => !row.peer.startsWith(subject));
  const naming = (from: number, below: number) =>
    others.flatMap((row) => {
      const times = (costOf(row) ?? Number.NaN) / own;
      return times >= from && times < below ? [`${row.peer} (${formatRatio(times)})`] : [];
    });
  const groups = [
    ['cheaper', naming(0, 1 - equalWithin)],
    ['equal', naming(1 - equalWithin, 1 + equalWithin)],
    ['dearer', naming(1 + equalWithin, Number.POSITIVE_INFINITY)],
  ] as const;
  const said = groups
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `${word}: ${names.join(', ')}`);
  return `- **${benchCase.title}**: ${beside(rows, own, subject, yardstick)}. As multiples of ${subject}, ${said.join('; ')}.`;
}

function beside(rows: readonly Row[], own: number, subject: string, yardstick: string): string {
  const ratio = rows.find((row) => row.peer === subject)?.figures?.ratio;
  if (!ratio) return `${subject} spends ${own.toFixed(1)} µs of CPU per request`;
  return `${subject} spends ${formatRatio(ratio.median)} the CPU of ${yardstick} per request`;
}

function costOf(row: Row | undefined): number | null {
  return row?.figures?.medians.cpuMicrosecondsPerRequest ?? null;
}
