/** Runs a configuration's own `tests:`: a failing one is a problem of the file, so a reload keeps the last good configuration. */

import type { GatewayConfig } from '../model/config.ts';
import { foreseen, plainHttp } from '../policy/foreseen.ts';
import { explain } from '../route/explain.ts';
import type { ExplainInput, Explanation } from '../route/explanation.ts';
import { type RouteTable, routeTableOf } from '../route/table.ts';
import { nodeAt } from './source.ts';
import { reportValue, type SourceDocument } from './source-document.ts';
import { type ExpectedOutcome, NO_ROUTE, type RouteTest, THIS_MACHINE } from './tests-schema.ts';

/** As in production: without the names that routes have in development. */
export function reportFailedTests(
  tests: readonly RouteTest[],
  config: GatewayConfig,
  document: SourceDocument,
): void {
  const table = routeTableOf(config, 'production');
  for (const [at, test] of tests.entries()) {
    const explanation = outcomeOf(test, table, config);
    const wrong = difference(test.expected, explanation);
    if (wrong === null) continue;
    const listed = nodeAt(document.root, ['tests'])?.kind === 'list';
    const path = listed ? ['tests', at] : ['tests'];
    reportValue(document, path, { ...wrong, hint: `${commandFor(test)} says why` });
  }
}

function outcomeOf(
  { method, url, headers, from }: Omit<RouteTest, 'expected'>,
  table: RouteTable,
  config: GatewayConfig,
): Explanation {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? `localhost:${config.port}`;
  const input: ExplainInput = { method, target: url, host, headers, from };
  const policies = foreseen(table, config, input)?.verdicts ?? [];
  return explain(table, { ...input, ...plainHttp(config, input), policies });
}

/**
 * A line of `tests:` that this configuration passes. @param request `GET /db/x`, without fields
 * @returns `null` if another route takes it: that would need fields, or an address, which the line lacks
 */
export function keptLine(
  { method, url }: { readonly method: string; readonly url: string },
  route: string | null,
  table: RouteTable,
  config: GatewayConfig,
): string | null {
  const asked = { method, url, headers: [], from: THIS_MACHINE };
  const { verdict, chosen } = outcomeOf(asked, table, config);
  if ((chosen?.id ?? null) !== route) return null;
  const parts = [route ?? NO_ROUTE];
  if (verdict.kind === 'forwarded' && chosen?.forwarded) parts.push(`target ${chosen.forwarded}`);
  else if (chosen !== null && 'status' in verdict) parts.push(`status ${verdict.status}`);
  if (verdict.kind === 'policy') parts.push(`policy ${verdict.policy}`);
  return `${method} ${url} -> ${parts.join(', ')}`;
}

function commandFor({ method, url, headers, from }: RouteTest): string {
  const fields = headers.map(([name, value]) => ` --header '${name}: ${value}'`).join('');
  const origin = from === THIS_MACHINE ? '' : ` --from ${from}`;
  return `portway explain ${method} '${url}'${fields}${origin} --production`;
}

/** The first thing that is otherwise. */
function difference(expected: ExpectedOutcome, { verdict, chosen }: Explanation) {
  const policy = verdict.kind === 'policy' ? verdict.policy : 'none';
  const given: Record<keyof ExpectedOutcome, string> = {
    route: chosen?.id ?? NO_ROUTE,
    target: chosen?.forwarded ?? 'none: no service is asked',
    status: 'status' in verdict ? String(verdict.status) : "the service's",
    location: ('location' in verdict ? verdict.location : undefined) ?? 'none',
    policy,
  };
  for (const key of ['route', 'target', 'status', 'location', 'policy'] as const) {
    const wanted = expected[key];
    if (wanted === undefined || (wanted ?? NO_ROUTE) === given[key] || String(wanted) === given[key])
      continue;
    const what = key === 'route' ? '' : `${key} `;
    const because = key !== 'policy' && policy !== 'none' ? `, answered by ${policy}` : '';
    const line = key === 'route' && chosen !== null ? ` (line ${chosen.line})` : '';
    return { expected: `${what}${wanted ?? NO_ROUTE}`, found: `${given[key]}${line}${because}` };
  }
  return null;
}
