/** Writes `docs/configuration.md`: every key with type, unit, default, bounds, and the effect at both bounds. */

import type { z } from 'zod';
import { definitionOf, isRequired, type KeyDoc, metaOf, optionsIn, unwrapped } from '../keys/key-doc.ts';
import { POLICIES } from '../policy/order.ts';
import { acmeForm, externalAccountForm } from './acme-schema.ts';
import { balanceForm, canaryForm, hashKey, stickyForm } from './balance-schema.ts';
import { discoverDockerForm, discoverForm, discoverKubernetesForm } from './discover-schema.ts';
import { ejectionForm, healthForm } from './health-schema.ts';
import { compareForm, mirrorForm } from './mirror-schema.ts';
import { breakerForm, limits, overloadForm, retriesForm, timeouts } from './protection-schema.ts';
import { PROSE } from './reference-prose.ts';
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

export function referencePage(): string {
  const sections = [
    PROSE.head,
    PROSE.start,
    section('## Keys of the top level', configuration),
    PROSE.routes,
    section('### route', routeForm, 'The long form of a route.'),
    section('### when', when, PROSE.when),
    section('### endpoint', endpointForm, PROSE.endpoint),
    section('### tls of a route', serviceTlsForm, PROSE.serviceTls),
    section('### balance', balanceForm, PROSE.balance),
    section('### hash', hashKey),
    section('### sticky', stickyForm, PROSE.sticky),
    section('### canary', canaryForm, PROSE.canary),
    section('### mirror', mirrorForm, PROSE.mirror),
    section('### compare', compareForm, PROSE.compare),
    section('### health', healthForm, PROSE.health),
    section('### ejection', ejectionForm, PROSE.ejection),
    section('### limits', limits, PROSE.limits),
    section('### breaker', breakerForm, PROSE.breaker),
    section('### retries', retriesForm, PROSE.retries),
    section('### timeouts', timeouts, PROSE.timeouts),
    section('### cache', cacheForm, PROSE.cache),
    ...POLICIES.flatMap(({ key }) =>
      (key?.sections ?? []).map(({ heading, form, text }) => section(heading, form, text)),
    ),
    policyList(),
    section('## tests', testForm, PROSE.tests),
    section('## streams', streams, PROSE.streams),
    section('### stream', streamForm, 'The long form of a stream.'),
    section('### proxyProtocol', proxyProtocol),
    PROSE.services,
    section('### service', serviceForm, 'The long form of a service.'),
    section('## admin', adminForm, PROSE.admin),
    section('## tls', tlsForm, PROSE.tls),
    section('### certificate', certificateForm),
    section('### clientCertificates', clientCertificatesForm, PROSE.clientCertificates),
    section('### hsts', hstsForm),
    section('### acme', acmeForm),
    section('### externalAccount', externalAccountForm),
    section('## discover', discoverForm, PROSE.discover),
    section('### docker', discoverDockerForm),
    section('### kubernetes', discoverKubernetesForm),
    section('## overload', overloadForm, PROSE.overload),
    section('## traces', tracesForm, PROSE.traces),
    PROSE.workers,
    section('## shared', sharedForm, PROSE.shared),
    section('### sentinel', sentinelForm),
    section('## log', log),
    PROSE.values,
    PROSE.environment,
    PROSE.reload,
  ];
  return `${sections.join('\n\n')}\n`;
}

function policyList(): string {
  const rows = POLICIES.map(({ name, does }) => `1. \`${name}\`: ${does}`);
  return [
    '## Policies',
    'What an exchange passes between its route and its service, in this order.',
    rows.join('\n'),
  ].join('\n\n');
}

function section(heading: string, schema: z.core.$ZodType, text?: string): string {
  return [heading, ...(text === undefined ? [] : [text]), table(schema)].join('\n\n');
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
