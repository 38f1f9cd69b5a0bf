type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** By which undici marks what is given although it is stale. Obsolete on the wire (RFC 9111 §5.5), so it ends here; `Cache-Status` tells. */
export const STALE_WARNING = '110 - "response is stale"';

/** Names and values in turn. RFC 9110 §15.4.5: a 304 has no field that describes a body which is not there. */
export function keptFields(headers: AnswerHeaders, unchanged: boolean): string[] {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || (unchanged && name === 'content-length')) continue;
    if (name === 'warning' && value === STALE_WARNING) continue;
    for (const one of [value].flat()) fields.push(name, one);
  }
  return fields;
}

export function isEventStream(headers: AnswerHeaders): boolean {
  return /^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''));
}
