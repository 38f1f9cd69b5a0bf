import type { IncomingHttpHeaders } from 'node:http';
import type { Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { type FieldEdit, grouped } from '../forward/extend.ts';
import { extensionError } from './extended.ts';
import { fieldsOf, isOfConnection, ownFields, type SetFields } from './set-fields.ts';

/** Changes the head of an answer, as `replyOptions.rewriteHeaders` does. */
export type RewriteHeaders = (headers: IncomingHttpHeaders) => SetFields;

/** What the hooks of a route made of a WebSocket's handshake that they let pass. */
export class PassedHandshake {
  /** What they did to the request. */
  readonly edit: FieldEdit;
  readonly #set: SetFields;
  readonly #rewrite: RewriteHeaders | null;

  /** @param set the fields of the answer that they have set */
  constructor(edit: FieldEdit, set: SetFields, rewrite: RewriteHeaders | null) {
    this.edit = edit;
    this.#set = set;
    this.#rewrite = rewrite;
  }

  /** The service's answer as its client is told it: a field of the service stands in place of one that a hook has set. */
  answerFields(fields: Fields): Fields {
    const told = this.#rewrite === null ? fields : rewritten(fields, this.#rewrite);
    const names = namesOf(told);
    const { 'set-cookie': cookies, ...others } = this.#set;
    const added = ownFields({ ...without(others, names), 'set-cookie': cookies });
    return added.length === 0 ? told : [...told, ...added];
  }
}

/** @throws GatewayError `extension_failed` */
function rewritten(fields: Fields, rewrite: RewriteHeaders): Fields {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (isOfConnection(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  return [...fieldsOf(attempt(rewrite, grouped(fields)), isOfConnection), ...kept];
}

function attempt(rewrite: RewriteHeaders, headers: IncomingHttpHeaders): SetFields {
  try {
    return rewrite(headers);
  } catch (cause) {
    const error = extensionError(cause);
    throw error instanceof GatewayError
      ? error
      : new GatewayError('extension_failed', error.detail, { cause });
  }
}

function namesOf(fields: Fields): ReadonlySet<string> {
  const names = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) names.add(fields[i]!.toLowerCase());
  return names;
}

function without(set: SetFields, names: ReadonlySet<string>): SetFields {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !names.has(name.toLowerCase())));
}
