/** Writes a configuration as Gateway API objects, as far as they can express it. */

import type { Target } from '../../keys/target.ts';
import { checkDocument } from '../check.ts';
import type { Environment } from '../expand.ts';
import { parseConfig, yamlOf } from '../parse.ts';
import { formsOf } from '../route-forms.ts';
import { parseRouteKey, type RouteKey } from '../route-key.ts';
import type { CheckedRoute } from '../route-schema.ts';
import type { CheckedConfig } from '../schema.ts';
import { keySpanAt, type PathKey, type SourceNode } from '../source.ts';
import type { SourceDocument } from '../source-document.ts';
import type { CheckedEndpoint } from '../target-schema.ts';
import { isGatewayApi } from './convert.ts';

const V1 = 'gateway.networking.k8s.io/v1';

export interface Written {
  /** YAML documents. */
  readonly text: string;
  /** Settings that the objects can't express: `gateway.config.yaml:6:12  /db: cache`. */
  readonly left: readonly string[];
}

/**
 * A configuration in the other of its two forms: Portway's own, or objects of the Gateway API.
 * @returns `null` for a text that is no configuration
 */
export function inOtherForm(text: string, file: string, env: Environment): Written | null {
  const parsed = parseConfig(text, file);
  if (!parsed.ok) return null;
  const { document } = parsed;
  if (isGatewayApi(text)) return { text: yamlOf(plainOf(document.root)), left: [] };
  const checked = checkDocument(document, env);
  return checked === null || document.problems.size > 0 ? null : gatewayApiOf(checked, document);
}

function plainOf(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  return Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, plainOf(value)]));
}

function gatewayApiOf(config: CheckedConfig, document: SourceDocument): Written {
  const writer = new Writer();
  const listener = { name: 'http', port: config.port ?? 3000, protocol: 'HTTP' };
  const spec = { gatewayClassName: 'portway', listeners: [listener] };
  writer.add('Gateway', 'portway', spec);
  for (const key of Object.keys(config)) if (!['port', 'routes'].includes(key)) writer.leave([key], key);
  if (Object.values(config.routes).some((value) => formsOf(value).some(putsBack)))
    writer.leave(['routes'], 'Location, cookies and links are put back behind prefixes (rewrite)');
  for (const [key, value] of Object.entries(config.routes)) writer.addRoute(key, formsOf(value));
  return { text: writer.text(), left: writer.left.map((one) => placed(one, document)) };
}

/** What answers say of paths is rewritten where the path that the service sees is another one. */
function putsBack({ to, strip, rewrite, rewritePrefix }: CheckedRoute): boolean {
  return to !== undefined && rewrite !== false && (strip !== false || rewritePrefix !== undefined);
}

interface Left {
  readonly path: readonly PathKey[];
  readonly text: string;
}

function placed({ path, text }: Left, { root, lines, file }: SourceDocument): string {
  let known = path;
  while (known.length > 1 && keySpanAt(root, known) === null) known = known.slice(0, -1);
  const { line, column } = lines.positionOf(keySpanAt(root, known)?.start ?? 0);
  return line > 0 ? `${file}:${line}:${column}  ${text}` : text;
}

class Writer {
  readonly left: Left[] = [];
  /** Of the form that is written now. */
  #at: readonly PathKey[] = [];
  readonly #objects: object[] = [];
  readonly #names = new Set<string>();

  add(kind: string, name: string, spec: object, apiVersion = V1): void {
    this.#objects.push({ apiVersion, kind, metadata: { name }, spec });
  }

  leave(path: readonly PathKey[], text: string): void {
    this.left.push({ path, text });
  }

  addRoute(key: string, forms: readonly CheckedRoute[]): void {
    const parsed = parseRouteKey(key);
    if (!parsed.ok) return;
    const name = this.#nameOf(key);
    const rules = forms.flatMap((form, index) => {
      this.#at = ['routes', key, ...(forms.length > 1 ? [index] : [])];
      return this.#rule(key, name, parsed.value, form) ?? [];
    });
    if (rules.length === 0) return;
    const { host } = parsed.value;
    this.add('HTTPRoute', name, {
      parentRefs: [{ name: 'portway' }],
      ...(host && { hostnames: [host] }),
      rules,
    });
  }

  text(): string {
    return this.#objects.map((object) => yamlOf(object)).join('---\n');
  }

  #rule(key: string, name: string, routeKey: RouteKey, form: CheckedRoute): object | null {
    if (form.redirect === undefined && endpointsOf(form).length === 0) {
      this.#leave(`${key}: the whole route`);
      return null;
    }
    for (const [own, value] of Object.entries(form))
      if (value !== undefined && !SAID.includes(own)) this.#leave(`${key}: ${own}`, own);
    for (const own of Object.keys(form.timeouts ?? {}))
      if (own !== 'response') this.#leave(`${key}: timeouts.${own}`, 'timeouts', own);
    const { hostHeader = 'auto' } = form;
    if (hostHeader !== 'auto' && hostHeader !== 'keep' && hostnameOf(form) === null)
      this.#leave(`${key}: hostHeader`, 'hostHeader');
    const filters = filtersOf(form, routeKey);
    const matches = this.#matches(key, routeKey, form);
    if (form.redirect !== undefined) return { matches, filters };
    const backendRefs = endpointsOf(form).flatMap((endpoint) => this.#backendRef(key, name, endpoint) ?? []);
    if (backendRefs.length === 0) {
      this.#leave(`${key}: the whole route`);
      return null;
    }
    const response = form.timeouts?.response;
    return {
      matches,
      ...(filters.length > 0 && { filters }),
      backendRefs,
      ...(typeof response === 'number' && { timeouts: { request: `${response}ms` } }),
    };
  }

  /** A rule with two methods is two matches. */
  #matches(key: string, { path }: RouteKey, { exact, when }: CheckedRoute): object[] {
    const match = {
      path: { type: exact === true ? 'Exact' : 'PathPrefix', value: path },
      ...this.#comparisons(key, 'headers', when?.headers),
      ...this.#comparisons(key, 'queryParams', when?.query),
    };
    for (const name of Object.keys(when?.cookies ?? {}))
      this.#leave(`${key}: when cookie ${name}`, 'when', 'cookies', name);
    return when?.methods === undefined ? [match] : when.methods.map((method) => ({ ...match, method }));
  }

  #comparisons(
    key: string,
    as: string,
    conditions: Readonly<Record<string, string | true>> | undefined,
  ): object {
    const pairs = Object.entries(conditions ?? {});
    const own = as === 'headers' ? 'headers' : 'query';
    for (const [name, value] of pairs)
      if (value === true) this.#leave(`${key}: when ${name} is there`, 'when', own, name);
    const compared = pairs.flatMap(([name, value]) => (value === true ? [] : [{ name, value }]));
    return compared.length === 0 ? {} : { [as]: compared };
  }

  #backendRef(key: string, name: string, { at, weight, backup }: CheckedEndpoint): object | null {
    if (backup === true) {
      // As one of the others it would get requests all the time.
      this.#leave(`${key}: backup`, 'to');
      return null;
    }
    const share = weight === undefined ? {} : { weight };
    if (at.kind === 'port') return { name, port: at.port, ...share };
    if (at.kind !== 'tcp' || at.tls) {
      this.#leave(`${key}: ${at.kind === 'tcp' ? 'https' : at.kind}`, 'to');
      return null;
    }
    if (at.http2) this.#leave(`${key}: h2c`, 'to');
    const service = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\..+)?$/.exec(at.host);
    if (service) return { ...this.#granted(service[1]!, service[2]!), port: at.port, ...share };
    return { name: this.#external(at), port: at.port, ...share };
  }

  /** @param own the key below that of the form */
  #leave(text: string, ...own: readonly PathKey[]): void {
    this.leave([...this.#at, ...own], text);
  }

  /** A Service of another namespace, which has to let routes of this one in. */
  #granted(name: string, namespace: string): object {
    const grant = `grant ${namespace}/${name}`;
    if (!this.#names.has(grant)) {
      const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }];
      const spec = { from, to: [{ group: '', kind: 'Service', name }] };
      const metadata = { name: `portway-${name}`, namespace };
      const apiVersion = 'gateway.networking.k8s.io/v1beta1';
      this.#objects.push({ apiVersion, kind: 'ReferenceGrant', metadata, spec });
    }
    this.#names.add(grant);
    return { name, namespace };
  }

  /** A Service that stands for a name outside of the cluster. */
  #external({ host }: Extract<Target, { kind: 'tcp' }>): string {
    const name = wordOf(host);
    if (!this.#names.has(name)) this.add('Service', name, { type: 'ExternalName', externalName: host }, 'v1');
    this.#names.add(name);
    return name;
  }

  #nameOf(key: string): string {
    const word = wordOf(key) || 'root';
    let name = word;
    for (let count = 2; this.#names.has(name); count++) name = `${word}-${count}`;
    this.#names.add(name);
    return name;
  }
}

/** The keys that the objects can say. */
const SAID = [
  ...['to', 'redirect', 'status', 'strip', 'rewritePrefix', 'append', 'rewrite', 'hostHeader'],
  ...['exact', 'when', 'headers', 'timeouts'],
];

/** As a name of Kubernetes: lower-case letters, digits, hyphens. */
function wordOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
}

function endpointsOf({ to }: CheckedRoute): CheckedEndpoint[] {
  if (to === undefined) return [];
  const list = Array.isArray(to) ? to : [to];
  return list.map((each) => ('at' in each ? (each as CheckedEndpoint) : { at: each as Target }));
}

function filtersOf(form: CheckedRoute, routeKey: RouteKey): object[] {
  const { redirect } = form;
  const { headers } = form as { headers?: { request?: Rules; answer?: Rules } | null };
  const filters: object[] = [];
  if (redirect !== undefined) filters.push(redirectFilter(redirect, form));
  else filters.push(...rewriteFilters(form, routeKey));
  const request = rulesOf(headers?.request);
  const answer = rulesOf(headers?.answer);
  if (request) filters.push({ type: 'RequestHeaderModifier', requestHeaderModifier: request });
  if (answer) filters.push({ type: 'ResponseHeaderModifier', responseHeaderModifier: answer });
  return filters;
}

function rewriteFilters(form: CheckedRoute, { path: prefix }: RouteKey): object[] {
  const { strip, append, rewritePrefix = '' } = form;
  const keeps = strip === false || (prefix === '/' && rewritePrefix === '' && append !== false);
  const hostname = hostnameOf(form);
  const path = keeps ? null : { path: pathModifier(rewritePrefix, append !== false && form.exact !== true) };
  const urlRewrite = { ...(hostname && { hostname }), ...path };
  return hostname || path ? [{ type: 'URLRewrite', urlRewrite }] : [];
}

/** There are no words for a port, nor for the endpoint's own name. */
function hostnameOf({ hostHeader }: CheckedRoute): string | null {
  return typeof hostHeader === 'object' && !hostHeader.name.includes(':') ? hostHeader.name : null;
}

/** @param append whether the rest of the path is appended */
function pathModifier(path: string, append: boolean): object {
  return append
    ? { type: 'ReplacePrefixMatch', replacePrefixMatch: path || '/' }
    : { type: 'ReplaceFullPath', replaceFullPath: path || '/' };
}

function redirectFilter(to: string, { status, append, exact }: CheckedRoute): object {
  const [, scheme, hostname, port, rest] =
    /^(https?|\{scheme\}):\/\/([^/:]+|\[.*?\])(?::(\d+))?(.*)$/i.exec(to) ?? [];
  const path = pathModifier(rest ?? to, append !== false && exact !== true);
  const origin = scheme && {
    ...(scheme !== '{scheme}' && { scheme: scheme.toLowerCase() }),
    ...(hostname !== '{host}' && { hostname }),
    ...(port && { port: Number(port) }),
  };
  return { type: 'RequestRedirect', requestRedirect: { ...origin, path, statusCode: status ?? 308 } };
}

interface Rules {
  readonly set?: Readonly<Record<string, string>> | undefined;
  readonly add?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly remove?: readonly string[] | undefined;
}

function rulesOf(rules: Rules | undefined): object | null {
  if (rules === undefined) return null;
  const { set = {}, add = {}, remove } = rules;
  const added = Object.entries(add).flatMap(([name, values]) => values.map((value) => ({ name, value })));
  return {
    ...(Object.keys(set).length > 0 && {
      set: Object.entries(set).map(([name, value]) => ({ name, value })),
    }),
    ...(added.length > 0 && { add: added }),
    ...(remove !== undefined && { remove }),
  };
}
