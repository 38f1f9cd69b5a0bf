import type { FieldMap } from '../cache/entry.ts';
import { keepable } from '../cache/storable.ts';
import { originOf, ownOriginOf, TrustedPeers } from '../fields/forwarded.ts';
import { isNavigation, readFacts } from '../fields/request-facts.ts';
import { requestFields } from '../fields/request-fields.ts';
import { HIDDEN, isSecretName } from '../fields/secrets.ts';
import { mayBeFile } from '../folder/folder.ts';
import { FOLDER_METHODS } from '../folder/folder-exchange.ts';
import type { GatewayConfig } from '../model/config.ts';
import { bypassReason } from '../policy/cache-bypass/cache-bypass.ts';
import { type Foreseen, foreseen, peerOf, plainHttp } from '../policy/foreseen.ts';
import { namesOf } from '../policy/headers/rules.ts';
import { explain } from '../route/explain.ts';
import type { ExplainInput, Explanation, HeaderChanges, PolicyVerdict } from '../route/explanation.ts';
import { forwardTarget } from '../route/forward-target.ts';
import type { RouteTable } from '../route/table.ts';
import { parseTarget } from '../route/target.ts';
import { authorityOf, schemeOf } from '../upstream/authority.ts';

/** `explain`, with the changes that forwarding makes to the header section, from the code that makes them. */
export function explainExchange(table: RouteTable, config: GatewayConfig, input: ExplainInput): Explanation {
  const peer = peerOf(input, config);
  const parsed = parseTarget(input.target);
  const authority = (parsed.ok ? parsed.target.authority : null) ?? input.host ?? 'localhost';
  const { claims } = readFacts((input.headers ?? []).flat());
  const origin = originOf(peer, new TrustedPeers(config.trustProxy), authority, claims);
  const own = ownOriginOf(origin);
  return explain(table, {
    file: config.file,
    own,
    ...input,
    ...plainHttp(config, input),
    ...whatIsDone(table, config, input),
  });
}

/** By the policies of the route, and to the fields. */
function whatIsDone(
  table: RouteTable,
  config: GatewayConfig,
  input: ExplainInput,
): Pick<ExplainInput, 'changes' | 'policies'> {
  const found = foreseen(table, config, input);
  if (found === null) return {};
  const answered = found.verdicts.some(({ status }) => status !== null);
  const behind = answered ? [] : [...folderSays(found, input), ...cacheSays(found, input.method)];
  return { changes: headerChanges(found), policies: [...found.verdicts, ...behind] };
}

/** The verdicts of a folder that do not depend on its files: the disk is not read here. */
function folderSays({ exchange }: Foreseen, { method, target }: ExplainInput): readonly PolicyVerdict[] {
  const { match, facts } = exchange;
  const parsed = parseTarget(target);
  if (match.route.folder === null || !parsed.ok) return [];
  const refused = (status: number, says: string) => [{ policy: 'folder', status, says }];
  if (!FOLDER_METHODS.includes(method)) return refused(405, `it takes ${FOLDER_METHODS.join(', ')}`);
  const falls = match.route.folder.fallback !== null && isNavigation(facts);
  const [path = ''] = forwardTarget(match, parsed.target).split('?', 1);
  return falls || method === 'OPTIONS' || mayBeFile(path)
    ? []
    : refused(404, 'no such name is looked for: it is hidden, or no name of a file');
}

/** The verdict of the route's cache, from the code that decides it. @returns `null`: the route has none */
function cacheSays({ exchange, sent }: Foreseen, method: string): readonly PolicyVerdict[] {
  const { cache, policies } = exchange.match.route;
  if (cache === null) return [];
  const says = (text: string) => [{ policy: 'cache', status: null, says: text }];
  const fields: FieldMap = Object.fromEntries(sent.map(([name, value]) => [name.toLowerCase(), value]));
  // An authenticated user counts as a request with credentials.
  if (policies.auth) fields.authorization ??= 'known';
  const passes = bypassReason(method, fields, false);
  if (passes === 'method') return says(`${method} passes it by; where it succeeds, the URL is forgotten`);
  if (passes !== null) return says('passes it by, because of a field that is for the service alone');
  const answer = { statusCode: 200, statusMessage: '', headers: { 'cache-control': 'max-age=60' } };
  const verdict = keepable({ origin: '', path: '', method, fields }, answer, cache);
  if (typeof verdict !== 'string')
    return says('answers from what is kept; else the answer is kept, if it says for how long');
  const unless = UNLESS[verdict] ?? '';
  return says(`answers from what is kept; else the answer is not kept (${verdict})${unless}`);
}

/** Exceptions that depend on the service's answer. */
const UNLESS: Readonly<Record<string, string>> = {
  authorization: ', unless it says public, s-maxage or must-revalidate',
  cookie: ', unless it says public or s-maxage',
};

function headerChanges({ exchange, policies, sent }: Foreseen): HeaderChanges {
  const { route } = exchange.match;
  const [first] = route.upstream.endpoints;
  if (first === undefined) return { added: [], removed: [], answer: policies.explain };
  const endpoint = { authority: authorityOf(first.address), scheme: schemeOf(first.address) };
  const before = requestFields(exchange, endpoint, EXAMPLE);
  const out = policies.toService(before, exchange);
  const taken = namesOf(before).filter((name) => !namesOf(out).includes(name));
  return {
    added: added(sent, out),
    removed: [...exchange.facts.dropped, ...new Set(taken)],
    answer: policies.explain,
  };
}

/** These differ with each exchange. */
const EXAMPLE = {
  pseudonym: 'portway-<process>',
  requestId: '<20 hex digits>',
  traceparent: '00-<trace>-<span>-00',
};

/** Whether a field set by configured rules may hold a secret. */
function isPrivate(name: string): boolean {
  return isSecretName(name) || /key/i.test(name);
}

function added(sent: readonly (readonly [string, string])[], out: readonly string[]): [string, string][] {
  const before = new Set(sent.map(([name, value]) => `${name.toLowerCase()}: ${value}`));
  const fields: [string, string][] = [];
  for (let i = 0; i < out.length; i += 2) {
    if (!before.has(`${out[i]!.toLowerCase()}: ${out[i + 1]}`))
      fields.push([out[i]!, isPrivate(out[i]!) ? HIDDEN : out[i + 1]!]);
  }
  return fields;
}
