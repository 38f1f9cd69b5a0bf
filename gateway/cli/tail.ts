/** `portway tail`: shows exchanges of the running gateway. */

import { painter, wantsColour } from '../log/paint.ts';
import { exchangeLine } from '../log/pretty-exchange.ts';
import { jsonString } from '../log/printable.ts';
import { formatClock } from '../log/units.ts';
import type { ExchangeList, ExchangeSummary } from '../model/exchanges.ts';
import { readQuery } from '../observe/exchanges/query.ts';
import { type CommandInput, leaving, optionValue, type RunCommand, UsageError } from './command.ts';
import { loadOrReport } from './configuration.ts';
import { RunningGateway, UnreachableError } from './running-gateway.ts';

const FILTERS = ['route', 'status', 'since', 'user', 'method', 'text'] as const;

export const tail: RunCommand = async (input, context) => {
  const lines = optionValue(input, 'lines') ?? '20';
  if (!/^\d{1,4}$/.test(lines) || Number(lines) > 1_000)
    throw new UsageError(`--lines is a number from 0 to 1000, got "${lines}"`);
  checkFilter(input, 'status', 'a code (404), a class (5xx) or failed');
  checkFilter(input, 'since', 'how long ago (30s, 5m, 2h) or a time (2026-11-29T08:00:00Z)');
  const loaded = await loadOrReport(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const left = leaving(context);
  const shown = input.values.has('json') ? jsonLine : prettyLine(context.stdout.isTTY === true, context.env);
  const write = (exchange: ExchangeSummary) => void context.stdout.write(`${shown(exchange)}\n`);
  try {
    const gateway = await RunningGateway.serving(loaded.config, context.env);
    for (const exchange of await newest(gateway, input, Number(lines))) write(exchange);
    if (input.values.has('follow')) await follow(gateway, input, left, write);
    return 0;
  } catch (cause) {
    if (left.aborted) return 0;
    if (!(cause instanceof UnreachableError)) throw cause;
    context.stderr.write(`portway: ${cause.message}\n`);
    return 1;
  }
};

/** As the gateway would judge it. @throws UsageError */
function checkFilter(input: CommandInput, name: string, expected: string): void {
  const value = optionValue(input, name);
  if (value !== undefined && readQuery(new URLSearchParams([[name, value]]), 0) === null)
    throw new UsageError(`--${name} expects ${expected}, got "${value}"`);
}

async function newest(
  gateway: RunningGateway,
  input: CommandInput,
  limit: number,
): Promise<ExchangeSummary[]> {
  if (limit === 0) return [];
  const { exchanges } = await gateway.read<ExchangeList>(
    `/exchanges?${filters(input, [['limit', String(limit)]])}`,
  );
  return exchanges.toReversed();
}

async function follow(
  gateway: RunningGateway,
  input: CommandInput,
  signal: AbortSignal,
  write: (exchange: ExchangeSummary) => void,
): Promise<void> {
  for await (const { name, data } of gateway.events(`?${filters(input, [])}`, signal))
    if (name === 'exchange') write(JSON.parse(data) as ExchangeSummary);
  throw new UnreachableError('the gateway has ended');
}

function filters(input: CommandInput, more: readonly [string, string][]): string {
  const given = FILTERS.flatMap((name): [string, string][] => {
    const value = optionValue(input, name);
    return value === undefined ? [] : [[name, value]];
  });
  return String(new URLSearchParams([...given, ...more]));
}

function jsonLine(exchange: ExchangeSummary): string {
  const members = Object.entries(exchange).map(([name, value]) => {
    return `${jsonString(name)}:${typeof value === 'string' ? jsonString(value) : JSON.stringify(value)}`;
  });
  return `{${members.join(',')}}`;
}

function prettyLine(terminal: boolean, env: Readonly<Record<string, string | undefined>>) {
  const paint = painter(wantsColour(terminal, env));
  return (exchange: ExchangeSummary): string => {
    const fields = Object.fromEntries(Object.entries(exchange).filter(([, value]) => value !== null));
    return `${paint('dim', formatClock(exchange.endedAt))} ${exchangeLine(fields, paint)}  ${paint('dim', exchange.id)}`;
  };
}
