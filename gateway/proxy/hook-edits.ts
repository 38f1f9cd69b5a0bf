import type { IncomingHttpHeaders } from 'node:http';
import type { Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { type FieldEdit, grouped } from '../forward/extend.ts';
import { fieldsOf, isOfAnswer, isOfConnection, type SetFields } from './set-fields.ts';

/** Changes the head of an answer, as `replyOptions.rewriteHeaders` does. */
export type RewriteHeaders = (headers: IncomingHttpHeaders) => SetFields;

/** The changes that the hooks of a route made to an exchange. */
export class HookEdits {
  /** The changes to the request; `null`: none. */
  readonly request: FieldEdit | null;
  readonly #set: SetFields;
  readonly #rewrite: RewriteHeaders | null;

  /** @param set the fields of the answer that they have set */
  constructor(request: FieldEdit | null, set: SetFields, rewrite: RewriteHeaders | null) {
    this.request = request;
    this.#set = set;
    this.#rewrite = rewrite;
  }

  /** The answer's fields for the client: a field of the service replaces one that a hook has set. */
  answer(fields: Fields): Fields {
    return this.#edited(fields, (name) => isOfConnection(name) || name === 'x-request-id');
  }

  /** The same for the answer to a WebSocket's handshake, which has no body. */
  handshake(fields: Fields): Fields {
    return this.#edited(fields, (name) => isOfConnection(name) || isOfAnswer(name));
  }

  #edited(fields: Fields, except: (name: string) => boolean): Fields {
    const changed = this.#rewrite === null ? fields : rewritten(fields, this.#rewrite);
    const set = fieldsOf(this.#set, except);
    if (set.length === 0) return changed;
    const names = namesOf(changed);
    const added = [...changed];
    for (let i = 0; i < set.length; i += 2) {
      const lower = set[i]!.toLowerCase();
      if (lower === 'set-cookie' || !names.has(lower)) added.push(set[i]!, set[i + 1]!);
    }
    return added;
  }
}

/** @throws GatewayError `extension_failed`, with the hook's error as its cause */
function rewritten(fields: Fields, rewrite: RewriteHeaders): Fields {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (isOfConnection(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  return [...fieldsOf(attempt(rewrite, grouped(fields)), isOfConnection), ...kept];
}

function attempt(rewrite: RewriteHeaders, headers: IncomingHttpHeaders): SetFields {
  try {
    return rewrite(headers) ?? headers;
  } catch (cause) {
    throw new GatewayError('extension_failed', 'rewriteHeaders threw', { cause });
  }
}

function namesOf(fields: Fields): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) names.add(fields[i]!.toLowerCase());
  return names;
}
