import type { FactsOfRun } from './facts-of-run.ts';
import type { FaultResult } from './fault.ts';

const begin = '<!-- Written by `npm run chaos`, from here -->';
const end = '<!-- to here. -->';
const title = '# Reliability\n\nFaults that were done to the real gateway, and what was seen.\n';

/** `docs/reliability.md` with the harness's part made anew; the text around it stays. */
export function renderDocument(text: string, results: readonly FaultResult[], facts: FactsOfRun): string {
  const part = `${begin}\n\n${renderPart(results, facts)}\n${end}\n`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) return `${text || title}\n${part}`;
  return `${text.slice(0, from)}${part}${text.slice(to + end.length).replace(/^\n/, '')}`;
}

function renderPart(results: readonly FaultResult[], facts: FactsOfRun): string {
  return `## Chaos

${summary(results)} Each row is a fault that is done to real processes: the gateway as \`portway start\` runs it, services that misbehave on demand, and a TCP proxy
that delays, drops, and hides ends. After each, the gateway must live, have nothing under way, and hold no more descriptors than before.

| fault | what is done | what must hold | what was seen | verdict |
|---|---|---|---|---|
${results.map(renderRow).join('\n')}

${renderFacts(facts)}
`;
}

function summary(results: readonly FaultResult[]): string {
  const count = (verdict: FaultResult['verdict']) =>
    results.filter((each) => each.verdict === verdict).length;
  const parts = [`${count('held')} of ${results.length} faults were survived as they must be.`];
  const missed = count('missed');
  if (missed > 0) parts.push(`**${missed} ${missed === 1 ? 'was' : 'were'} not.**`);
  if (count('skipped') > 0) parts.push(`${count('skipped')} could not be tried here.`);
  return parts.join(' ');
}

function renderRow({ id, done, holds, seen, misses, verdict }: FaultResult): string {
  const problems = misses.map((miss) => `**${miss}**`);
  const cells = [`\`${id}\``, done, holds, [...seen, ...problems].join('; '), verdict];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** One table cell: on one line, and without the folders of the machine that it ran on. */
function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll(/(?<=^|[\s'"(=])(?:\/[^\s/'"]+)+\/(?=[^\s/'"]*\.)/g, '');
}

function renderFacts({ date, command, seed, seconds, node, commit, machine }: FactsOfRun): string {
  const { cpuModel, cpuCount, memoryGiB, kernel, loadAverage } = machine;
  return `Run on ${date}${commit === null ? '' : ` at commit ${commit}`} with \`${command}\` (seed ${seed}, ${seconds} s of mixed load) on Node ${node}: ${cpuModel}, ${cpuCount} CPUs,
${memoryGiB} GiB, ${kernel}; load average ${loadAverage.toFixed(1)} at its end. The short form of it, \`npm run chaos -- --short\`, is part of CI.`;
}
