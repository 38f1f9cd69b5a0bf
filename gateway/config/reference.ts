/** The tables of `docs/configuration.md`: every key with type, unit, default, bounds, and the effect at both bounds. */

import type { z } from 'zod';
import { definitionOf, isRequired, type KeyDoc, metaOf, optionsIn, unwrapped } from '../keys/key-doc.ts';
import { POLICIES } from '../policy/order.ts';
import { acmeForm, externalAccountForm } from './acme-schema.ts';
import { balanceForm, canaryForm, hashKey, stickyForm } from './balance-schema.ts';
import { discoverDockerForm, discoverForm, discoverKubernetesForm } from './discover-schema.ts';
import { ejectionForm, healthForm } from './health-schema.ts';
import { compareForm, mirrorForm } from './mirror-schema.ts';
import { breakerForm, limits, overloadForm, retriesForm, timeouts } from './protection-schema.ts';
import { cacheForm, routeForm, when } from './route-schema.ts';
import { adminForm, configuration, log } from './schema.ts';
import { serviceForm } from './service-schema.ts';
import { serviceTlsForm } from './service-tls-schema.ts';
import { sentinelForm, sharedForm } from './shared-schema.ts';
import { proxyProtocol, streamForm, streams } from './stream-schema.ts';
import { endpointForm } from './target-schema.ts';
import { testForm } from './tests-schema.ts';
import { certificateForm, clientCertificatesForm, hstsForm, tlsForm } from './tls-schema.ts';
import { tracesForm } from './traces-schema.ts';

/** The maps of keys, by their headings in the page. */
const FORMS: Readonly<Record<string, z.core.$ZodType>> = {
  'Keys of the top level': configuration,
  route: routeForm,
  when,
  endpoint: endpointForm,
  'tls of a route': serviceTlsForm,
  balance: balanceForm,
  hash: hashKey,
  sticky: stickyForm,
  canary: canaryForm,
  mirror: mirrorForm,
  compare: compareForm,
  health: healthForm,
  ejection: ejectionForm,
  limits,
  breaker: breakerForm,
  retries: retriesForm,
  timeouts,
  cache: cacheForm,
  tests: testForm,
  streams,
  stream: streamForm,
  proxyProtocol,
  service: serviceForm,
  admin: adminForm,
  tls: tlsForm,
  certificate: certificateForm,
  clientCertificates: clientCertificatesForm,
  hsts: hstsForm,
  acme: acmeForm,
  externalAccount: externalAccountForm,
  discover: discoverForm,
  docker: discoverDockerForm,
  kubernetes: discoverKubernetesForm,
  overload: overloadForm,
  traces: tracesForm,
  shared: sharedForm,
  sentinel: sentinelForm,
  log,
  ...Object.assign({}, ...POLICIES.map(({ key }) => key?.forms)),
};

/** The page with its tables of keys, and its list of policies, as the code has them. All other text is written in the page itself. */
export function referencePage(written: string): string {
  return written
    .split(/^(?=#)/m)
    .map(refreshed)
    .join('');
}

function refreshed(section: string): string {
  const [, heading = ''] = /^#+ (.*)/.exec(section) ?? [];
  if (heading === 'Policies') return section.replace(/(?:^\d+\. .*\n)+/m, policyList);
  return section.replace(/^\| key \|.*\n(?:\|.*\n)*/m, () => {
    const form = FORMS[heading];
    if (form === undefined) throw new Error(`no map of keys is called ${heading}`);
    return `${table(form)}\n`;
  });
}

function policyList(): string {
  return POLICIES.map(({ name, does }) => `1. \`${name}\`: ${does}\n`).join('');
}

function table(schema: z.core.$ZodType): string {
  const def = definitionOf(unwrapped(schema));
  if (def.type !== 'object') throw new Error('only objects have keys');
  const rows = Object.entries(def.shape).map(([key, value]) => row(key, value));
  const head = ['| key | type | default | bounds | what it does |', '|---|---|---|---|---|'];
  return [...head, ...rows].join('\n');
}

function row(key: string, schema: z.core.$ZodType): string {
  const doc = metaOf(schema);
  const cells = [
    `\`${key}\``,
    typeText(doc, schema),
    defaultText(doc, schema),
    boundsText(doc),
    doc.description ?? '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeText(doc: KeyDoc, schema: z.core.$ZodType): string {
  return doc.type ?? wordsOf(schema) ?? doc.expected ?? '';
}

/** The words that a key can have, where it has no other values. */
function wordsOf(schema: z.core.$ZodType): string | null {
  const options = optionsIn(schema).map(definitionOf);
  const [only] = options;
  if (options.length !== 1 || only?.type !== 'enum') return null;
  return Object.values(only.entries)
    .map((word) => `\`${word}\``)
    .join(', ');
}

function defaultText(doc: KeyDoc, schema: z.core.$ZodType): string {
  if (doc.default !== undefined) return `\`${doc.default}\``;
  return doc.defaultText ?? (isRequired(schema) ? 'required' : 'none');
}

function boundsText({ bounds, ends }: KeyDoc): string {
  if (bounds === undefined) return '';
  return `\`${bounds.min}\` to \`${bounds.max}\`${ends === undefined ? '' : `; ${ends}`}`;
}
