import type { Recorded } from '../testing/recording-service.ts';
import type { Reading, StrictAnswer, StrictRequest } from '../testing/strict-reader.ts';

/** A fault of the gateway: its kind, and details in words. */
export interface Finding {
  readonly kind: FindingKind;
  readonly detail: string;
}

type FindingKind =
  | 'the gateway ended'
  | 'it hangs'
  | 'something ambiguous was forwarded'
  | 'a request arrived that nobody sent'
  | 'a request reached another prefix'
  | 'an answer is malformed'
  | 'more answers than requests'
  | 'an answer of somebody else'
  | 'an answer was made whole'
  | 'the gateway failed inside';

/** A request that arrived at a service, and the prefix of that service. */
export interface Arrival {
  readonly prefix: string;
  readonly recorded: Recorded;
}

/**
 * Every request that arrived must stand, whole and plain, in the bytes of the client, in the same order. The gateway may have answered
 * those in between itself.
 */
export function checkArrivals(sent: readonly StrictRequest[], arrivals: readonly Arrival[]): Finding | null {
  let next = 0;
  for (const { prefix, recorded } of arrivals) {
    const { request } = recorded;
    const before = sent[next - 1];
    if (before && isSame(before, request) && mayComeTwice(before)) continue;
    while (next < sent.length && !isSame(sent[next]!, request)) next++;
    const origin = sent[next++];
    const what = JSON.stringify(recorded.raw.toString('latin1').slice(0, 400));
    if (origin === undefined) return { kind: 'a request arrived that nobody sent', detail: what };
    if (pathOf(origin).prefix !== prefix)
      return { kind: 'a request reached another prefix', detail: `${prefix}: ${what}` };
    const strange = strangeField(origin, request);
    if (strange !== null)
      return { kind: 'something ambiguous was forwarded', detail: `the field ${strange} in ${what}` };
  }
  return null;
}

/** The gateway sends such a request again where an idle connection of a service died. */
function mayComeTwice({ method, body }: StrictRequest): boolean {
  return body.length === 0 && /^(GET|HEAD|OPTIONS|DELETE|PUT)$/.test(method);
}

function isSame(sent: StrictRequest, arrived: StrictRequest): boolean {
  return (
    sent.fault === null &&
    sent.method === arrived.method &&
    pathOf(sent).rest === arrived.target &&
    sent.body.equals(arrived.body)
  );
}

/** The naive view of a path: a prefix of two characters with escapes of letters decoded, and the unchanged rest. */
function pathOf({ target }: StrictRequest): { prefix: string; rest: string } {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '').replace(/^(?=\?|$)/, '/');
  const match = /^(\/(?:[ab]|%6[12]))((?=[/?]|$).*)$/i.exec(path);
  if (match === null) return { prefix: 'none', rest: path };
  const rest = match[2]!;
  const prefix = decodeURIComponent(match[1]!);
  return { prefix, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** The first field that the client did not send in this place and spelling, and that the gateway does not add. */
function strangeField(sent: StrictRequest, arrived: StrictRequest): string | null {
  const lines = sent.fields.map(({ name, value }) => `${name}: ${value}`);
  let next = 0;
  for (const { name, value } of arrived.fields) {
    if (OWN.test(name)) continue;
    const at = lines.indexOf(`${name}: ${value}`, next);
    if (at === -1) return JSON.stringify(`${name}: ${value}`);
    next = at + 1;
  }
  return null;
}

const OWN =
  /^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|x-forwarded-(for|host|proto|port|prefix)|x-real-ip|forwarded|via|x-request-id|traceparent|max-forwards)$/i;

/** Answers must be well-formed, no more than the requests that were begun, and none may report a fault of the gateway. */
export function checkAnswers({ messages, refused }: Reading<StrictAnswer>, most: number): Finding | null {
  if (refused !== null) {
    const kind =
      refused.why === 'an answer to no request' ? 'more answers than requests' : 'an answer is malformed';
    return { kind, detail: refused.why };
  }
  const finals = messages.filter(({ status }) => status >= 200 || status === 101);
  if (finals.length > most)
    return { kind: 'more answers than requests', detail: `${finals.length} answers to ${most} requests` };
  const failed = finals.find(({ status }) => status === 500 || status === 508);
  if (failed && isOwn(failed)) return { kind: 'the gateway failed inside', detail: String(failed.body) };
  return null;
}

/** Whether the gateway itself made this answer. */
export function isOwn({ fields }: StrictAnswer): boolean {
  return fields.some(({ name }) => /^proxy-status$/i.test(name));
}
