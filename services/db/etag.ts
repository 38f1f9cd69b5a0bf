import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';
import type { StoredDocument } from './store.ts';

/** Strong: a version is the number of one change and never used again, even when a document is deleted and made anew. */
export function etagOf(document: Pick<StoredDocument, 'version'>): string {
  return `"${document.version}"`;
}

/** What a request demands of the document's state before it is changed (RFC 9110 §13.1). */
export interface Precondition {
  readonly ifMatch: readonly string[] | null;
  readonly ifNoneMatch: readonly string[] | null;
}

export function readPrecondition(headers: IncomingHttpHeaders): Precondition {
  return { ifMatch: parseTags(headers['if-match']), ifNoneMatch: parseTags(headers['if-none-match']) };
}

/** @throws Problem 412 with the current ETag, where the document is not in the state that the request demands. */
export function requirePrecondition(precondition: Precondition, current: StoredDocument | null): void {
  const { ifMatch, ifNoneMatch } = precondition;
  // RFC 9110 §13.2.2: If-Match is evaluated first.
  if (ifMatch && !matches(ifMatch, current)) {
    throw failed(
      current ? 'The document was changed since you read it.' : 'There is no such document any more.',
      current,
    );
  }
  if (ifNoneMatch && matches(ifNoneMatch, current))
    throw failed('There is such a document already.', current);
}

/** Whether `If-None-Match` of a GET makes it a 304. Weak comparison (RFC 9110 §13.1.2). */
export function isNotModified(headers: IncomingHttpHeaders, current: StoredDocument): boolean {
  const tags = parseTags(headers['if-none-match'])?.map((tag) => tag.replace(/^W\//, ''));
  return tags ? matches(tags, current) : false;
}

function parseTags(header: string | undefined): string[] | null {
  return header === undefined ? null : (header.match(/\*|(?:W\/)?"[^"]*"/g) ?? []);
}

function matches(tags: readonly string[], current: StoredDocument | null): boolean {
  return current !== null && (tags.includes('*') || tags.includes(etagOf(current)));
}

function failed(detail: string, current: StoredDocument | null): Problem {
  return new Problem(
    412,
    'precondition_failed',
    detail,
    current ? { headers: { etag: etagOf(current) } } : {},
  );
}
