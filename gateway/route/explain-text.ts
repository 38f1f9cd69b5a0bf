/** An explanation for the terminal. */
import type {
  ChosenRoute,
  ExplainedCandidate,
  ExplainedRefusal,
  Explanation,
  RouteReference,
} from './explanation.ts';
import { lossText, printable } from './loss-text.ts';

export interface ExplanationFormat {
  /** ANSI colours. */
  readonly colour: boolean;
}

type Style = 'bold' | 'dim' | 'good' | 'bad' | 'mark';
type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, good: 32, bad: 31, mark: 36 };
const OWN_ANSWERS = {
  options: 'the gateway answers this itself: it asks about the gateway as a whole.',
  page: "no route takes /, so the gateway's own page stands here.",
  dashboard: 'this name is the dashboard’s, for this machine alone.',
} as const;
const OTHERS_SHOWN = 12;
const LABEL_WIDTH = 10;
const ROUTE_WIDTH_MAX = 28;
/** How much of a long target is shown around its fault. */
const AROUND_FAULT = 60;

/** Several lines, each ended by a line feed. */
export function formatExplanation(explanation: Explanation, { colour }: ExplanationFormat): string {
  const paint: Paint = (style, text) => (colour ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text);
  const blocks = [
    [askedLine(explanation, paint)],
    verdictLines(explanation, paint),
    nearestLines(explanation, paint),
    otherLines(explanation, paint),
  ];
  const filled = blocks.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function askedLine({ request, chosen, verdict }: Explanation, paint: Paint): string {
  const host = request.host === null ? '' : paint('dim', `  host ${printable(request.host)}`);
  const raw = request.raw ?? request.target;
  const taken = verdict.kind === 'led-back' ? 0 : (chosen?.prefixRawLength ?? 0);
  const target = paint('mark', printable(raw.slice(0, taken))) + paint('bold', printable(raw.slice(taken)));
  return `${paint('bold', printable(request.method))} ${target}${host}`;
}

function verdictLines(explanation: Explanation, paint: Paint): string[] {
  const { verdict, chosen, request } = explanation;
  switch (verdict.kind) {
    case 'refused':
      return refusalLines(request.target, verdict.refusal, paint);
    case 'method-refused':
      return [`${paint('bad', '✘ 405')}  the gateway takes no ${request.method}, whatever the path.`];
    case 'own-answer':
      return [`${paint('good', '✔')} ${OWN_ANSWERS[verdict.what]}`];
    case 'host-refused':
      return hostLines(request.host ?? '', paint);
    case 'not-found':
      return [`${paint('bad', '✘ 404')}  no route takes this request.`];
    default:
      return chosen === null ? policyLines(verdict, paint) : chosenLines(explanation, chosen, paint);
  }
}

function hostLines(host: string, paint: Paint): string[] {
  return [
    `${paint('bad', '✘ 421')}  ${paint('bold', printable(host))} is not among the hosts that are served.`,
    '    IP addresses, localhost, names below it and the hosts of routes are always',
    '    served, others where the configuration says',
    `    allowedHosts: [${printable(host)}]`,
    '    Without that key, portway start serves every host, and portway dev none of the',
    '    others: else the page of a stranger, whose name leads to this machine, could',
    '    ask for anything here as its visitor (DNS rebinding).',
  ];
}

function chosenLines(explanation: Explanation, chosen: ChosenRoute, paint: Paint): string[] {
  const { verdict, request, changes, policies } = explanation;
  const where = paint('dim', position(chosen, explanation.file));
  const rows: [string, string][] = [
    ['prefix', prefixText(chosen, verdict.kind === 'led-back' ? verdict.location : (request.raw ?? ''))],
    ...nameRow(chosen),
    ...originRows(chosen, request.method, paint),
  ];
  if (chosen.extend !== null) rows.push(['extended', `by ${chosen.extend}`]);
  for (const { policy, status, says } of policies) if (status === null) rows.push([policy, printable(says)]);
  rows.push(['lane', `${chosen.lane.lane}  ${paint('dim', `(${chosen.lane.why})`)}`]);
  for (const [name, value] of changes?.added ?? []) {
    rows.push(['headers', paint('good', `+ ${printable(name)}: ${printable(value)}`)]);
  }
  for (const name of changes?.removed ?? []) rows.push(['headers', paint('bad', `- ${printable(name)}`)]);
  for (const line of changes?.answer ?? []) rows.push(['answer', printable(line)]);
  const title = `${paint('good', '✔')} ${paint('bold', printable(chosen.id))} takes it  ${where}`;
  return [
    ...ledBackLines(verdict, chosen, paint),
    ...redirectLines(verdict, paint),
    ...policyLines(verdict, paint),
    title,
    ...labelled(rows, paint),
  ];
}

function originRows(
  { endpoints, balance, forwarded, hostHeader, fallback }: ChosenRoute,
  method: string,
  paint: Paint,
): [string, string][] {
  if (forwarded === null) return [['answers', endpoints.join(', ')]];
  return [
    ['service', endpoints.join(', ')],
    ...(balance === null ? [] : [['balanced', balance] as [string, string]]),
    ['it sees', `${printable(method)} ${paint('bold', printable(forwarded))}`],
    ['Host', hostText(hostHeader)],
    ...(fallback ? [['fallback', FALLBACK] as [string, string]] : []),
  ];
}

const FALLBACK = 'sees its own name, in Origin and Referer too, and no X-Forwarded-* but the user';

function hostText(sent: ChosenRoute['hostHeader']): string {
  return typeof sent === 'object' ? `${printable(sent.name)}, in Origin and Referer too` : HOSTS[sent];
}

const HOSTS: Readonly<Record<Extract<ChosenRoute['hostHeader'], string>, string>> = {
  keep: 'as the client sent it',
  rewrite: 'the name of the service, in Origin and Referer too',
  'unless-refused':
    'as the client sent it; where the service refuses that, its own, in Origin and Referer too',
};

function nameRow({ name, named }: ChosenRoute): [string, string][] {
  if (name === null) return [];
  return [
    ['name', named ? `${name}: whole, without a prefix` : `also at ${name}, whole and without a prefix`],
  ];
}

function ledBackLines(verdict: Explanation['verdict'], { id }: ChosenRoute, paint: Paint): string[] {
  if (verdict.kind !== 'led-back') return [];
  const sign = verdict.by === 'referer' ? 'says the Referer' : 'says the cookie of the last document';
  return [
    `${paint('mark', '↪ 307')}  a page of ${printable(id)} asked for it, ${sign}: it is led back to ${paint('bold', printable(verdict.location))}`,
  ];
}

function redirectLines(verdict: Explanation['verdict'], paint: Paint): string[] {
  if (verdict.kind !== 'redirected' && verdict.kind !== 'redirect' && verdict.kind !== 'led-to-name')
    return [];
  const location = paint('bold', printable(verdict.location));
  if (verdict.kind === 'redirect')
    return [`${paint('mark', `↪ ${verdict.status}`)}  every client is sent to ${location}`];
  if (verdict.kind === 'led-to-name')
    return [
      `${paint('mark', '↪ 307')}  a browser that opens a page is sent to ${location} (\`escape: name\`);`,
      '       any other request gets what follows.',
    ];
  return [
    `${paint('mark', '↪ 308')}  a browser is sent to ${location} first, so that relative links on the page work;`,
    '       any other client gets what follows at once.',
  ];
}

function policyLines(verdict: Explanation['verdict'], paint: Paint): string[] {
  if (verdict.kind !== 'policy') return [];
  const { policy, status, says } = verdict;
  const sign = status >= 400 ? paint('bad', `✘ ${status}`) : paint('mark', `↪ ${status}`);
  return [`${sign}  ${paint('bold', policy)} answers it: ${printable(says)}`];
}

function prefixText(
  { path, strip, rewritePrefix, exact, prefixRawLength }: ChosenRoute,
  raw: string,
): string {
  const sent = raw.slice(0, prefixRawLength);
  const name = prefixRawLength === 0 || sent === path ? path : `${sent} (which is ${path})`;
  const kind = exact ? ', exactly' : '';
  if (rewritePrefix !== '') return `${name}${kind}: ${printable(rewritePrefix)} in its place`;
  if (prefixRawLength === 0) return `${name}${kind}: nothing to take off`;
  return `${name}${kind}: ${strip ? 'taken off' : 'kept (strip: false)'}`;
}

/** A label that repeats is written once. */
function labelled(rows: readonly [string, string][], paint: Paint): string[] {
  return rows.map(([label, text], at) => {
    const shown = label === rows[at - 1]?.[0] ? '' : label;
    return `    ${paint('dim', `${shown} `.padEnd(LABEL_WIDTH))}${text}`;
  });
}

function nearestLines({ nearest, candidates }: Explanation, paint: Paint): string[] {
  if (nearest.length === 0) return [];
  const meant = nearest.flatMap(({ id }) => candidates.filter((candidate) => candidate.id === id));
  return ['Did you mean', ...candidateRows(meant, paint)];
}

function otherLines({ candidates, nearest, chosen }: Explanation, paint: Paint): string[] {
  const named = new Set(nearest.map(({ id }) => id));
  const others = candidates.filter(({ id, losses }) => losses.length > 0 && !named.has(id));
  if (others.length === 0) return [];
  const more = others.length - OTHERS_SHOWN;
  const rest = more > 0 ? [paint('dim', `    and ${more} more`)] : [];
  const title = chosen === null ? 'Other routes' : 'Why not the others';
  return [title, ...candidateRows(others.slice(0, OTHERS_SHOWN), paint), ...rest];
}

function candidateRows(candidates: readonly ExplainedCandidate[], paint: Paint): string[] {
  // One long route moves nothing but its own line.
  const width = Math.min(ROUTE_WIDTH_MAX, Math.max(...candidates.map(({ id }) => printable(id).length)));
  const lineWidth = Math.max(...candidates.map(({ line }) => String(line).length));
  return candidates.map(({ id, line, losses }) => {
    const where = paint('dim', `line ${String(line).padEnd(lineWidth)}`);
    return `    ${printable(id).padEnd(width)}  ${where}  ${losses.map(lossText).join('; ')}`;
  });
}

function refusalLines(target: string, refusal: ExplainedRefusal, paint: Paint): string[] {
  const from = Math.max(0, refusal.at - AROUND_FAULT);
  const before = `${from > 0 ? '…' : ''}${printable(target.slice(from, refusal.at))}`;
  const end = faultEnd(target, refusal);
  const fault = printable(target.slice(refusal.at, end));
  const after =
    printable(target.slice(end, end + AROUND_FAULT)) + (end + AROUND_FAULT < target.length ? '…' : '');
  const lines = [
    `${paint('bad', '✘ 400')}  the target ${refusal.what} ${paint('dim', `(${refusal.reason})`)}`,
    `    ${before}${paint('bad', fault)}${after}`,
    `    ${' '.repeat(before.length)}${paint('bad', '^'.repeat(Math.max(1, fault.length)))}`,
    `    ${refusal.mend}`,
  ];
  return refusal.instead === null ? lines : [...lines, `    Instead: ${paint('bold', refusal.instead)}`];
}

function faultEnd(target: string, { reason, at }: ExplainedRefusal): number {
  const rest = target.slice(at);
  if (reason === 'dot-segment' || reason === 'authority' || reason === 'userinfo') {
    return at + Math.max(1, rest.search(/[/;?]|%2f|%3b|$/i));
  }
  if (reason === 'scheme') return at + rest.indexOf(':');
  return Math.min(target.length, at + (rest.startsWith('%') ? 3 : 1));
}

function position({ line, column, origin }: RouteReference, file: string | null): string {
  if (origin !== undefined) return origin;
  if (line === 0) return file ?? '';
  return file === null ? `line ${line}` : `${file}:${line}:${column}`;
}
