import type { BodyView, ExchangeView, MessageView } from '../../model/exchanges.ts';

/**
 * An exchange in other formats: a command line, a script, an archive, a test. Pure, so that a page in a browser can load it. Masked values
 * stay masked: the person who runs it replaces them.
 */
export const SAVED_AS: Readonly<Record<string, (exchange: ExchangeView, origin: string) => string>> = {
  curl: curlOf,
  fetch: fetchOf,
  har: (exchange, origin) => JSON.stringify(harOf([exchange], origin), null, 2),
  vitest: testOf,
};

type Fields = MessageView['fields'];

/** Fields of connection and framing, which the sender makes anew. */
export const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-connection|transfer-encoding|content-length|te|trailer|upgrade|expect|http2-settings)$/i;

function sentFields({ request }: ExchangeView): Fields {
  const isMadeAnew = (name: string) => OF_THE_CONNECTION.test(name) || /^host$/i.test(name);
  return request?.fields.filter(([name]) => !isMadeAnew(name)) ?? [];
}

function bodyOf({ request }: ExchangeView): string | null {
  const body = request?.body ?? null;
  return body === null || body.text === '' ? null : body.text;
}

function urlOf({ host, target }: ExchangeView, origin: string): string {
  const { protocol } = new URL(origin);
  return host === null ? origin + target : `${protocol}//${host}${target}`;
}

/** @param origin of the gateway, for its scheme: `http://localhost:3000`. */
export function curlOf(exchange: ExchangeView, origin: string): string {
  const { method, target } = exchange;
  const body = bodyOf(exchange);
  const parts = ['curl -i'];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body === null ? 'GET' : 'POST')) parts.push(`-X ${quoted(method)}`);
  if (target.includes('/.')) parts.push('--path-as-is');
  if (/[[\]{}]/.test(target)) parts.push('--globoff');
  parts.push(quoted(urlOf(exchange, origin)));
  for (const [name, value] of sentFields(exchange)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  // `--data-binary @...` would read a file.
  if (body !== null) parts.push(`--data-raw ${quoted(body)}`);
  return parts.join(' \\\n  ');
}

/** For a shell, and safe to paste: no control character reaches the terminal. */
function quoted(text: string): string {
  if (!UNSAFE.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `$'${escaped.replace(EVERY_UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const EVERY_UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function fetchOf(exchange: ExchangeView, origin: string, more: object = {}): string {
  const { method } = exchange;
  const body = bodyOf(exchange);
  const init = {
    ...more,
    ...(method !== 'GET' && { method }),
    headers: sentFields(exchange),
    ...(body !== null && { body }),
  };
  return `await fetch(${JSON.stringify(urlOf(exchange, origin))}, ${JSON.stringify(init, null, 2)});`;
}

/** Asks the gateway the same again, and expects the same. */
export function testOf(exchange: ExchangeView, origin: string): string {
  const { method, target, status, answer, route } = exchange;
  const type = answer?.fields.find(([name]) => /^content-type$/i.test(name))?.[1];
  const expectations = [`  expect(answer.status).toBe(${status});`];
  if (type !== undefined)
    expectations.push(`  expect(answer.headers.get('content-type')).toBe(${JSON.stringify(type)});`);
  expectations.push(...bodyExpectation(answer?.body ?? null));
  const name = JSON.stringify(`${method} ${target} → ${route ?? 'no route'}`);
  // Followed, it would be the answer of another place.
  const unfollowed = status >= 300 && status < 400 ? { redirect: 'manual' } : {};
  const request = fetchOf(exchange, origin, unfollowed).replace('await fetch', 'const answer = await fetch');
  const lines = request.split('\n').map((line) => `  ${line}`);
  return `import { expect, test } from 'vitest';\n\ntest(${name}, async () => {\n${[...lines, ...expectations].join('\n')}\n});\n`;
}

function bodyExpectation(body: BodyView | null): string[] {
  if (body === null || body.truncated || body.text === null || body.text.includes('(not shown)')) return [];
  const json = body.kind === 'json' ? asCode(body.text) : null;
  if (json !== null) return [`  expect(await answer.json()).toEqual(${json});`];
  return [`  expect(await answer.text()).toBe(${JSON.stringify(body.text)});`];
}

/** A stranger's bytes become code only where they are JSON. */
function asCode(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2).replaceAll('\n', '\n  ');
  } catch {
    return null;
  }
}

/** HTTP Archive 1.2. */
export function harOf(exchanges: readonly ExchangeView[], origin: string): unknown {
  const entries = exchanges.map((exchange) => harEntry(exchange, origin));
  return { log: { version: '1.2', creator: { name: 'portway', version: '0' }, entries } };
}

function harEntry(exchange: ExchangeView, origin: string): unknown {
  const { startedAt, totalMs, headMs, method, status, protocol, request, answer, bytesIn, bytesOut } =
    exchange;
  const url = urlOf(exchange, origin);
  const sent = exchange.tries.at(-1)?.sentMs ?? 0;
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: totalMs,
    request: {
      method,
      url,
      httpVersion: protocol,
      cookies: [],
      headers: harFields(request),
      queryString: harQuery(url),
      ...(request?.body?.text && {
        postData: { mimeType: request.body.type ?? '', text: request.body.text },
      }),
      headersSize: -1,
      bodySize: bytesIn,
    },
    response: {
      status,
      statusText: '',
      httpVersion: protocol,
      cookies: [],
      headers: harFields(answer),
      content: harContent(answer?.body ?? null, bytesOut),
      redirectURL: answer?.fields.find(([name]) => /^location$/i.test(name))?.[1] ?? '',
      headersSize: -1,
      bodySize: bytesOut,
    },
    cache: {},
    timings: {
      send: sent,
      wait: Math.max(0, (headMs ?? totalMs) - sent),
      receive: headMs === null ? 0 : totalMs - headMs,
    },
  };
}

function harFields(message: MessageView | null): unknown[] {
  return message?.fields.map(([name, value]) => ({ name, value })) ?? [];
}

function harQuery(url: string): unknown[] {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  return query === ''
    ? []
    : query.split('&').map((pair) => {
        const [name = '', value = ''] = pair.split(/=(.*)/s);
        return { name, value };
      });
}

function harContent(body: BodyView | null, bytes: number): unknown {
  const mimeType = body?.type ?? '';
  if (body?.base64) return { size: bytes, mimeType, text: body.base64, encoding: 'base64' };
  return { size: bytes, mimeType, ...(body?.text !== null && body !== null && { text: body.text }) };
}
