import type { ReplayEdits } from '../../model/exchanges.ts';

/** A request as somebody writes it. */
export interface Draft {
  readonly method: string;
  /** A URL, or a path of the gateway. */
  readonly url: string;
  /** A line for each: `Accept: text/html`. */
  readonly fields: string;
  readonly body: string;
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** RFC 9110 §9.2.1 */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);

/** Whether it may change something: then it is sent only after confirmation. */
export function isUnsafe({ method }: Draft): boolean {
  return !SAFE.has(method.toUpperCase());
}

/** @param origin whose host stands in for one that is not written */
export function editsOf(draft: Draft, origin: string): ReplayEdits {
  const { target, host } = parts(draft.url, origin);
  const written = linesOf(draft.fields);
  const named = written.some(([name]) => name.toLowerCase() === 'host');
  return {
    method: draft.method.toUpperCase(),
    target,
    fields: named ? written : [['Host', host], ...written],
    ...(draft.body !== '' && { body: draft.body }),
    ...(isUnsafe(draft) && { confirm: true }),
  };
}

function parts(text: string, origin: string): { readonly target: string; readonly host: string } {
  const [, host = new URL(origin).host, target = ''] =
    /^(?:https?:\/\/([^/?#]*))?([^#]*)/.exec(text.trim()) ?? [];
  return { host, target: target.startsWith('/') ? target : `/${target}` };
}

function linesOf(text: string): [name: string, value: string][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
}
