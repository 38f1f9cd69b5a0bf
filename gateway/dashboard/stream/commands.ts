import type { ExchangeView } from '../../model/exchanges.ts';

/** Fields that the program which sends it again makes by itself, or that are about one connection (RFC 9110 §7.6.1). */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'upgrade',
  'expect',
]);

type Repeated = Pick<ExchangeView, 'method' | 'target' | 'host' | 'request'>;

export function urlOf({ target, host }: Pick<ExchangeView, 'target' | 'host'>, origin: string): string {
  if (/^https?:/i.test(target)) return target;
  const { protocol, host: own } = new URL(origin);
  return `${protocol}//${host ?? own}${target}`;
}

/** A line for a shell that sends the request again. */
export function asCurl(exchange: Repeated, origin: string): string {
  const parts = [`curl ${quoted(urlOf(exchange, origin))}`];
  if (exchange.method === 'HEAD') parts.push('--head');
  else if (exchange.method !== 'GET') parts.push(`-X ${quoted(exchange.method)}`);
  for (const [name, value] of ownFields(exchange)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  return parts.join(' \\\n  ');
}

/** The same for a program, or the console of a browser. */
export function asFetch(exchange: Repeated, origin: string): string {
  const headers = Object.fromEntries(ownFields(exchange));
  const options = { method: exchange.method, headers };
  return `await fetch(${JSON.stringify(urlOf(exchange, origin))}, ${JSON.stringify(options, null, 2)})`;
}

function ownFields({ request }: Repeated): (readonly [string, string])[] {
  return (request?.fields ?? []).filter(([name]) => !OWN_FIELDS.has(name.toLowerCase()));
}

/** One word to a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return /^[\w:/.=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
