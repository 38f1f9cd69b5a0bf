import type { UpstreamRequest } from '../../exchange/contract.ts';
import { lowered, neverIndexed } from '../../exchange/h2-fields.ts';

/** The head of a request as it goes out (RFC 9113 §8.3.1): the Host is its authority, and the length that of the body. */
export function requestHead(request: UpstreamRequest, scheme: 'http' | 'https'): string[] {
  const { method, target, repeated, body } = request;
  const fields = repeated ? [...repeated.fields, ...request.fields] : request.fields;
  const list = lowered(fields);
  let authority = '';
  const kept: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === 'host') authority = list[i + 1]!;
    else if (list[i] !== 'content-length') kept.push(list[i]!, list[i + 1]!);
  }
  const head = [':method', method, ':scheme', scheme, ':authority', authority, ':path', target, ...kept];
  if (takesTrailers(fields)) head.push('te', 'trailers');
  if (body !== null && body.length !== null) head.push('content-length', String(body.length));
  return neverIndexed(head);
}

/** The only value that it may have here (RFC 9113 §8.2.2). */
function takesTrailers(fields: UpstreamRequest['fields']): boolean {
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.length === 2 && fields[i]!.toLowerCase() === 'te') return fields[i + 1] === 'trailers';
  return false;
}
