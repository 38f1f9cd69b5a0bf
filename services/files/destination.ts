import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';
import { publicAddress } from '../kit/public-address.ts';
import { type Location, parseLocation } from './location.ts';

/**
 * WebDAV's `Destination` (RFC 4918 §10.3): an absolute URI or path as the client sees it, so behind the gateway's prefix.
 * @throws Problem 400 for none, one on another server, or one outside the prefix.
 */
export function parseDestination(headers: IncomingHttpHeaders): Location {
  const value = headers.destination;
  if (typeof value !== 'string' || value === '') throw bad('MOVE needs a Destination field.');
  const { origin, prefix } = publicAddress(headers);
  const [, authority, path = ''] = /^(?:https?:\/\/([^/]*))?(\/.*)?$/i.exec(value) ?? [];
  if (authority !== undefined && authority.toLowerCase() !== new URL(origin).host) {
    throw bad('The Destination is on another server.');
  }
  if (prefix !== '' && !path.startsWith(`${prefix}/`))
    throw bad(`The Destination must begin with ${prefix}/.`);
  const location = parseLocation(path.slice(prefix.length));
  if (location.segments.length === 0) throw bad('The Destination is the root.');
  return location;
}

function bad(detail: string): Problem {
  return new Problem(400, 'bad_destination', detail);
}
