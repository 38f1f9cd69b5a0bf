/** `docs/configuration.md`: every key with its type, unit, default, bounds, and what happens at both ends. */

import type { z } from 'zod';
import { type KeyDoc, metaOf, optionsIn, unwrapped } from './key-doc.ts';
import { PROSE } from './reference-prose.ts';
import { cacheForm, routeForm, timeouts, when } from './route-schema.ts';
import { adminForm, configuration, log } from './schema.ts';
import { serviceForm } from './service-schema.ts';
import { proxyProtocol, streamForm, streams } from './stream-schema.ts';
import { LATER } from './vocabulary.ts';

export function referencePage(): string {
  const sections = [
    PROSE.head,
    PROSE.start,
    section('## Keys of the top level', configuration),
    PROSE.routes,
    section('### route', routeForm, 'The long form of a route.'),
    section('### when', when, PROSE.when),
    section('### timeouts', timeouts, PROSE.timeouts),
    section('### cache', cacheForm, PROSE.cache),
    section('## streams', streams, PROSE.streams),
    section('### stream', streamForm, 'The long form of a stream.'),
    section('### proxyProtocol', proxyProtocol),
    PROSE.services,
    section('### service', serviceForm, 'The long form of a service.'),
    section('## admin', adminForm, PROSE.admin),
    section('## log', log),
    PROSE.values,
    PROSE.environment,
    PROSE.reload,
    `## Not supported by this version\n\n${later()}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(heading: string, schema: z.core.$ZodType, text?: string): string {
  return [heading, ...(text === undefined ? [] : [text]), table(schema)].join('\n\n');
}

function table(schema: z.core.$ZodType): string {
  const { def } = (unwrapped(schema) as z.core.$ZodTypes)._zod;
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
    defaultText(doc),
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
  const options = optionsIn(schema).map((option) => (option as z.core.$ZodTypes)._zod.def);
  const [only] = options;
  if (options.length !== 1 || only?.type !== 'enum') return null;
  return Object.values(only.entries)
    .map((word) => `\`${word}\``)
    .join(', ');
}

function defaultText(doc: KeyDoc): string {
  return doc.default === undefined ? (doc.defaultText ?? 'none') : `\`${doc.default}\``;
}

function boundsText({ bounds, ends }: KeyDoc): string {
  if (bounds === undefined) return '';
  return `\`${bounds.min}\` to \`${bounds.max}\`${ends === undefined ? '' : `; ${ends}`}`;
}

function later(): string {
  const keys = [...LATER].map((key) => `\`${key}\``);
  const list = `${keys.slice(0, -1).join(', ')} and ${keys.at(-1)}`;
  return `${list} have a meaning in the design of Portway and none yet: a file that has them is refused, so that nobody relies on a health check that nobody makes.`;
}
