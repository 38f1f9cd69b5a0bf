import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';
import { publicAddress } from '../kit/public-address.ts';

/** A place in the tree as a client names it. Every segment is a name that is safe on every file system. */
export interface Location {
  /** Decoded. Empty: the root. */
  readonly segments: readonly string[];
  /** Written with a slash at the end. */
  readonly folder: boolean;
}

// Windows takes these for devices, with any extension; refused everywhere, so that a tree can be carried anywhere.
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)/i;
const forbiddenCharacters = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}<>:"|?*\\/]/u;
const nameMaxBytes = 255;
const maxSegments = 32;

// The service's own paths, at the top only.
const reservedNames = new Set(['_page', '_uploads', 'healthz', 'readyz']);

/**
 * Reads the path of a request target: split at slashes first, each segment decoded once.
 * @throws Problem 400 for a name that is none, a path that climbs, or one that is the service's own.
 */
export function parseLocation(target: string): Location {
  const path = target.split(/[?#]/, 1)[0] ?? '';
  if (!path.startsWith('/')) throw badPath('it does not begin with a slash');
  const folder = path.endsWith('/');
  const encoded = path === '/' ? [] : path.slice(1, folder ? -1 : undefined).split('/');
  const segments = encoded.map(decodeSegment);
  if (segments.length > maxSegments) throw badPath(`it has more than ${maxSegments} segments`);
  if (segments[0] !== undefined && reservedNames.has(segments[0]))
    throw badPath(`/${segments[0]} is the service's own`);
  return { segments, folder };
}

/** Why a name can't be used; `null` where it can. */
export function nameFault(name: string): string | null {
  if (name === '') return 'a name is empty';
  if (name === '.' || name === '..') return '"." and ".." are no names';
  if (forbiddenCharacters.test(name)) return 'a name holds a control character or one of < > : " | ? * \\ /';
  if (/[. ]$/.test(name)) return 'a name ends in a dot or a space';
  if (deviceName.test(name)) return 'a name is that of a device on Windows';
  if (Buffer.byteLength(name) > nameMaxBytes) return `a name has more than ${nameMaxBytes} bytes`;
  return null;
}

/** The path of a location for a link, without the public prefix. */
export function encodeLocation(location: Location): string {
  const path = location.segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
  return location.folder || path === '' ? `${path}/` : path;
}

function decodeSegment(encoded: string): string {
  const name = decode(encoded);
  const fault = nameFault(name);
  if (fault) throw badPath(fault);
  return name;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badPath('a percent-escape is not valid UTF-8');
  }
}

export function badPath(fault: string): Problem {
  return new Problem(400, 'bad_path', `This path can't be used: ${fault}.`);
}

/**
 * WebDAV's `Destination` (RFC 4918 §10.3): an absolute URI or path as the client sees it, so behind the gateway's prefix.
 * @throws Problem 400 for none, one on another server, or one outside the prefix.
 */
export function parseDestination(headers: IncomingHttpHeaders): Location {
  const value = headers.destination;
  if (typeof value !== 'string' || value === '') throw badDestination('MOVE needs a Destination field.');
  const { origin, prefix } = publicAddress(headers);
  const [, authority, path = ''] = /^(?:https?:\/\/([^/]*))?(\/.*)?$/i.exec(value) ?? [];
  if (authority !== undefined && authority.toLowerCase() !== new URL(origin).host) {
    throw badDestination('The Destination is on another server.');
  }
  if (prefix !== '' && !path.startsWith(`${prefix}/`))
    throw badDestination(`The Destination must begin with ${prefix}/.`);
  const location = parseLocation(path.slice(prefix.length));
  if (location.segments.length === 0) throw badDestination('The Destination is the root.');
  return location;
}

function badDestination(detail: string): Problem {
  return new Problem(400, 'bad_destination', detail);
}
