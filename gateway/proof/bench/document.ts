import { type BenchCase, cases, connectionsOf } from './cases.ts';
import { disturbanceMax } from './measurement.ts';
import { renderReading } from './reading.ts';
import { type BenchResult, rowsOf } from './result.ts';
import { renderMarkdownTable } from './table.ts';

/** `docs/benchmarks.md`: the reading is about `subject`; ratios refer to `yardstick`. */
export function renderDocument(result: BenchResult, subject: string, yardstick: string): string {
  const measured = cases.filter((each) => result.cases.includes(each.name));
  return `# Benchmarks

What it costs to carry a request: CPU microseconds (user + system) of the proxy's own processes per answer, beside nginx in the same run.
This page is written by \`${result.command}\`; run it to repeat every figure on your machine.

${section('Figures', tables(result, measured, yardstick))}
${section('Reading', reading(result, measured, subject, yardstick))}
${section('Method', method(result))}
${section('Versions', versions(result))}`;
}

function section(title: string, body: string): string {
  return `## ${title}\n\n${body}\n`;
}

function tables(result: BenchResult, measured: readonly BenchCase[], yardstick: string): string {
  const rendered = measured.map((each) => {
    const table = renderMarkdownTable(rowsOf(result, each.name, yardstick));
    return `### ${each.title}, ${connectionsOf(each)}\n\n${table}\n`;
  });
  return `${rendered.join('\n')}
*× nginx*: CPU per request as a multiple of nginx's in the same round, the median of ${result.rounds} rounds; *min–max*: its spread over the rounds.
The other columns are medians too. *core*: how much of one core the proxy used; where it is well below 100 %, the load generator or the origin
was the bottleneck, and requests/s says nothing about the proxy. *others*: what everything outside the benchmark used of one core meanwhile; the
more, the less the row is worth.
`;
}

function reading(
  result: BenchResult,
  measured: readonly BenchCase[],
  subject: string,
  yardstick: string,
): string {
  const lines = measured.map((each) =>
    renderReading(each, rowsOf(result, each.name, yardstick), subject, yardstick),
  );
  return `${lines.join('\n')}

What these figures do not say:

- They hold over loopback, with nothing else going on, and but for the cases that say otherwise for plain HTTP/1.1. Slow clients cost more, and cost each proxy differently.
- But at half of the load, the clients send the next request as soon as they have an answer, so every proxy runs at its limit, and p50 and p99 are those of a full queue:
  ${(measured[0] ?? cases[0])!.connections} connections divided by the throughput. They compare proxies; they are not what a user of a half-idle server waits.
- Throughput and latency are wall-clock figures and move with whatever else the machine does; the ratios of CPU time move far less.
- The proxies do not do the same work. Portway gives each request an id, a trace context and the whole set of forwarded fields, and nginx,
  HAProxy and undici.dispatch here send at most three fields more. nginx, HAProxy and Caddy can use all cores with one setting, of which this
  shows one core's worth.
`;
}

function method(result: BenchResult): string {
  return `- Each proxy listens on a free port of 127.0.0.1, takes \`/svc/...\`, strips \`/svc\`, and passes the rest on to one origin over connections that it keeps alive.
  One worker (nginx one, HAProxy \`nbthread 1\`, Caddy \`GOMAXPROCS=1\`, Node one process); no access log, but in the row that says so.
- Origin: ${result.origin}. Load: ${result.generator}. ${pinning(result)}
- A measurement starts the proxy afresh, compares one answer byte for byte, warms up for ${result.warmUpSeconds} s, measures for ${result.seconds} s, and compares once more.
- ${result.rounds} rounds; in each round every proxy has one turn, beginning with another one each time. A ratio compares measurements of one round only.
- CPU time is \`utime + stime\` from \`/proc/<pid>/stat\`, summed over the proxy and all processes below it (nginx: master and worker), in steps of 10 ms. It includes
  what the kernel does on the proxy's behalf, and everything Node does on other threads.
- A measurement during which other processes used more than ${disturbanceMax * 100} % of one core is repeated, ${result.attempts} times at most, and the least disturbed one counts.
- A row is invalid if in any round one answer was an error, one socket failed, or answers were shorter than they should be.
`;
}

function pinning({ pinning: pins }: BenchResult): string {
  if (pins === null)
    return 'Nothing is pinned to a CPU (`taskset` or a second CPU is missing), so the processes disturb each other.';
  return `The proxy has CPU ${pins.proxyCpu}; load generator and origin share CPU ${pins.loadCpu} (\`taskset\`).`;
}

function versions(result: BenchResult): string {
  const { machine } = result;
  const peerLines = result.peers.map((peer) => `| ${peer.name} | ${peer.version} | ${peer.about} |`);
  return `| proxy | version | set up as |
| --- | --- | --- |
${peerLines.join('\n')}

${result.missing.length === 0 ? '' : `Not installed, and so left out: ${result.missing.join(', ')}.\n\n`}Node ${result.node} runs everything that is JavaScript. ${machine.cpuModel}, ${machine.cpuCount} CPUs, ${machine.memoryGiB} GiB, ${machine.kernel};
load average ${machine.loadAverage.toFixed(1)} before the run.
Measured on ${result.startedAt.slice(0, 10)}${result.commit === null ? '' : ` at commit ${result.commit}`} with \`${result.command}\`.`;
}
