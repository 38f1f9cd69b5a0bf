import type { Recorded } from '../../testing/recording-service.ts';
import type { StrictAnswer } from '../../testing/strict-reader.ts';

/** A received request in the form of `arrives`: what is the gateway's own is put into one place and spelling, everything else is as it came. */
export function comparableRequest({ request, raw }: Recorded): string {
  const head = [comparableHead(raw.toString('latin1')), ...framing(request)];
  return `${head.join('\r\n')}\r\n\r\n${request.body.toString('latin1')}`;
}

/** The same of the head alone, without what concerns the connection and the framing. */
export function comparableHead(raw: string): string {
  const [startLine = '', ...lines] = raw.split('\r\n\r\n')[0]!.split('\r\n').map(withoutIdentifiers);
  const host = lines.find((line) => /^host:/i.test(line))?.replace(/^host/i, 'Host') ?? 'no Host';
  const others = lines.filter(
    (line) => !/^(host|content-length|transfer-encoding):|^connection: *(keep-alive|close)$/i.test(line),
  );
  return [startLine, host, ...others].join('\r\n');
}

function framing(request: Recorded['request']): string[] {
  const trailers = request.trailers.map(({ name, value }) => `(trailer) ${name}: ${value}`);
  if (request.framing === 'chunked' && (request.body.length > 0 || trailers.length > 0))
    return ['Transfer-Encoding: chunked', ...trailers];
  // An empty body is the same with a length of zero and without any framing (RFC 9112 §6.3).
  return request.body.length > 0 ? [`Content-Length: ${request.body.length}`] : [];
}

function withoutIdentifiers(line: string): string {
  return line
    .replace(/^(Via: .*portway-)[0-9a-f]{8}$/, '$1~')
    .replace(/^(X-Request-Id: )[0-9a-f]{20}$/, '$1~')
    .replace(/^(Traceparent: )00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, '$1~');
}

/** `200`, or `404 no_route` for an error of the gateway's own. */
export function summaryOf(answer: StrictAnswer): string {
  const own = answer.fields.some(({ name, value }) => /^proxy-status$/i.test(name) && /error=/.test(value));
  if (!own) return String(answer.status);
  const { code } = JSON.parse(answer.body.toString() || '{"code":"(no body)"}') as { code: string };
  return `${answer.status} ${code}`;
}
