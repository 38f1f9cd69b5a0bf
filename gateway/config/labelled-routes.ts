/** Routes that containers ask for by their labels, joined with those of the file. */

import { nearest } from '../keys/hint.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import { meaningOf, withRoutes } from './discovered-routes.ts';
import { treeOfLabels } from './label-tree.ts';
import { LabelledLines, labelTexts, type PlacedOrigin } from './labelled-lines.ts';
import { listAt, mapAt, scalarAt } from './nodes.ts';
import { type Fault, ProblemList } from './problem-list.ts';
import { parseRouteKey } from './route-key.ts';
import { routeForm } from './route-schema.ts';
import {
  keySpanAt,
  type PathKey,
  type SourceEntry,
  type SourceMap,
  type SourceNode,
  type Span,
} from './source.ts';
import type { SourceDocument } from './source-document.ts';

/**
 * The document with a route for each path that labels name, with all its containers as endpoints. Routes of the file win. Faults of labels
 * are added to the document's problems, with the container's name as the file.
 * @param origins those marked `spoilt` have bad labels: their paths are answered 503, never 404
 */
export function withLabelledRoutes(
  document: SourceDocument,
  origins: readonly LabelledOrigin[],
  spoilt: ReadonlySet<string>,
): SourceDocument {
  const texts = labelTexts(document.lines, origins);
  const lines = new LabelledLines(document.lines, texts);
  const joined: SourceDocument = { ...document, lines, problems: new ProblemList(document.file, lines) };
  const routes = new LabelledRoutes(joined);
  for (const placed of texts) {
    if (spoilt.has(placed.origin.name)) routes.addSpoilt(placed);
    else routes.add(placed);
  }
  return withRoutes(joined, routes.entries());
}

/** One container's request for one route. */
interface Claim {
  readonly key: string;
  readonly keySpan: Span;
  readonly origin: LabelledOrigin;
  readonly endpoint: SourceNode;
  readonly settings: SourceMap;
}

class LabelledRoutes {
  readonly #document: SourceDocument;
  readonly #claims = new Map<string, Claim[]>();
  readonly #spoilt = new Map<string, Span>();

  constructor(document: SourceDocument) {
    this.#document = document;
  }

  add(placed: PlacedOrigin): void {
    for (const labels of placed.routes) {
      const claim = this.#claim(placed, treeOfLabels(labels, placed.span, this.#document.problems));
      if (claim === null) continue;
      const claims = this.#claims.get(meaningOf(claim.key));
      if (claims) claims.push(claim);
      else this.#claims.set(meaningOf(claim.key), [claim]);
    }
  }

  /** Only the labels that name its routes are read: the faults of the others have been reported. */
  addSpoilt(placed: PlacedOrigin): void {
    const reported = new ProblemList(this.#document.file, this.#document.lines);
    for (const labels of placed.routes) {
      const key = this.#keyOf(treeOfLabels(labels, placed.span, reported).entries, placed.span);
      if (key !== null && parseRouteKey(key.text).ok) this.#spoilt.set(key.text, key.span);
    }
  }

  entries(): Map<string, SourceEntry> {
    const entries = new Map<string, SourceEntry>();
    for (const claims of this.#claims.values()) {
      const newest = claims.reduce((a, b) => (b.origin.createdAt > a.origin.createdAt ? b : a));
      entries.set(newest.key, { keySpan: newest.keySpan, value: routeOf(claims, newest) });
    }
    for (const [key, span] of this.#spoilt) {
      if (!this.#claims.has(meaningOf(key))) entries.set(key, { keySpan: span, value: unusable(span) });
    }
    return entries;
  }

  #claim(placed: PlacedOrigin, map: SourceMap): Claim | null {
    const settings = new Map(map.entries);
    const key = this.#keyOf(settings, placed.span);
    if (key === null) {
      this.#report(placed.span, [], {
        expected: 'the label portway.path or portway.host',
        found: 'neither',
        hint: 'portway.path=/shop is the shortest way to a route',
      });
      return null;
    }
    this.#reportCode(map);
    this.#reportSlips(settings);
    const endpoint = this.#endpoint(placed, settings, key);
    for (const name of OF_THE_CONTAINER) settings.delete(name);
    if (endpoint === null) return null;
    return {
      ...{ key: key.text, keySpan: key.span, origin: placed.origin, endpoint },
      settings: { ...map, entries: settings },
    };
  }

  #keyOf(settings: SourceMap['entries'], whole: Span): { text: string; span: Span } | null {
    const host = settings.get('host')?.value;
    const path = settings.get('path')?.value;
    if (host === undefined && path === undefined) return null;
    return { text: `${textOf(host)}${textOf(path)}`, span: (path ?? host)?.span ?? whole };
  }

  /** A label may say where a container is reached, but not what the gateway runs or which of its files it shows. */
  #reportCode(map: SourceMap): void {
    for (const name of OF_THE_FILE) {
      const path = name.split('.');
      const span = keySpanAt(map, path);
      if (span === null) continue;
      this.#report(span, path, {
        expected: 'a key that labels may set',
        found: JSON.stringify(name),
        hint: ELSEWHERE.includes(name)
          ? 'the container itself is where its route leads; its port is portway.port'
          : 'it stands in the file alone',
      });
    }
  }

  /** The schema knows the keys of a route, and not those of a container. */
  #reportSlips(settings: SourceMap['entries']): void {
    for (const [name, { keySpan }] of settings) {
      if (OF_THE_CONTAINER.includes(name) || Object.hasOwn(routeForm.shape, name)) continue;
      const meant = nearest(name, [...OF_THE_CONTAINER, ...OF_ALL_ROUTES, ...Object.keys(routeForm.shape)]);
      if (meant === null || Object.hasOwn(routeForm.shape, meant)) continue;
      const fault = {
        expected: 'a label of Portway',
        found: JSON.stringify(name),
        hint: `did you mean portway.${meant}?`,
      };
      this.#report(keySpan, [name], fault);
    }
  }

  #endpoint(placed: PlacedOrigin, settings: SourceMap['entries'], key: { span: Span }): SourceNode | null {
    const port = settings.get('port')?.value;
    const address = this.#address(placed.origin, port ?? null, key.span);
    if (address === null) return null;
    const scheme = settings.get('scheme')?.value;
    const span = (scheme ?? port)?.span ?? key.span;
    return mapAt(span, {
      at: scalarAt(span, `${scheme ? textOf(scheme) : 'http'}://${address}`),
      weight: settings.get('weight')?.value ?? null,
      backup: settings.get('backup')?.value ?? null,
    });
  }

  #address({ host, ports }: LabelledOrigin, port: SourceNode | null, key: Span): string | null {
    const known = ports.map((each) => each.port);
    const wanted =
      port?.kind === 'scalar' ? port.value : port === null && known.length === 1 ? known[0]! : null;
    const span = port?.span ?? key;
    if (wanted === null)
      return this.#report(span, ['port'], { expected: 'the label portway.port', ...portsText(known) });
    if (typeof wanted !== 'number' || wanted < 1 || wanted > 65_535)
      return this.#report(span, ['port'], {
        expected: 'a port from 1 to 65535',
        found: JSON.stringify(wanted),
        hint: null,
      });
    const at = ports.find((each) => each.port === wanted)?.at ?? null;
    if (at !== null) return at;
    if (host !== null) return `${host.includes(':') ? `[${host}]` : host}:${wanted}`;
    return this.#report(span, ['port'], {
      expected: 'a port that is published, or a network that the gateway shares',
      ...portsText(known),
    });
  }

  #report(span: Span, path: readonly PathKey[], fault: Fault): null {
    this.#document.problems.add(span, path, fault);
    return null;
  }
}

/** Labels that name the route or its endpoint, and are no keys of a route. */
const OF_THE_CONTAINER = ['path', 'host', 'port', 'scheme', 'weight', 'backup'];

/** Read where the containers are listed. */
const OF_ALL_ROUTES = ['enable', 'network'];

/** Of these targets the gateway may reach more than clients and containers do: `unix:/run/docker.sock`, say. */
const ELSEWHERE = ['to', 'fallback', 'canary', 'mirror', 'compare'];

/** Others run code, or show or write files. */
const OF_THE_FILE = [
  ...ELSEWHERE,
  ...['run', 'cwd', 'env', 'watch', 'extend', 'use', 'folder'],
  ...['respond', 'errorPages', 'cache.file'],
];

function portsText(known: readonly number[]) {
  if (known.length === 0)
    return { found: 'no port that is known', hint: 'portway.port=80, say: the port inside the container' };
  return { found: `the ports ${known.join(', ')}`, hint: 'say which one' };
}

/** The newest container decides the route's settings, so that a rolling update needs nothing more. */
function routeOf(claims: readonly Claim[], newest: Claim): SourceMap {
  const healthy = claims.filter(({ origin }) => origin.healthy);
  const used = healthy.length > 0 ? healthy : claims;
  const endpoints = used.map(({ endpoint }) => endpoint);
  const { entries } = mapAt(newest.keySpan, { to: listAt(newest.keySpan, endpoints) });
  return { ...newest.settings, entries: new Map([...entries, ...newest.settings.entries]) };
}

/** The answer of a route with bad labels. */
function unusable(span: Span): SourceMap {
  const body = "The labels of this route's container can't be used. The gateway's log says why.\n";
  return mapAt(span, {
    respond: mapAt(span, { status: scalarAt(span, 503), body: scalarAt(span, body) }),
  });
}

function textOf(node: SourceNode | undefined): string {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : '';
}
