import { Problem } from '../kit/problem.ts';

const nameMaxBytes = 200;
const forbiddenCharacters = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}/\\]/u;

// The service's own paths.
const reservedNames = new Set(['_page', 'healthz', 'readyz']);

/**
 * Reads an image's name from a request target: one segment, decoded once. A name is a key of the database and
 * never part of a path on the disk, so nothing of it can lead out of a folder.
 * @throws Problem 400 for a name that can't be used.
 */
export function parseName(target: string): string {
  const encoded = target.split('?', 1)[0]?.slice(1) ?? '';
  // One name however it was typed: macOS writes "é" as two code points, everything else as one.
  const name = decode(encoded).normalize('NFC');
  const fault = nameFault(name);
  if (fault) throw badName(fault);
  return name;
}

function nameFault(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'it is empty, "." or ".."';
  if (forbiddenCharacters.test(name)) return 'it holds a slash, a backslash or a control character';
  if (reservedNames.has(name)) return `"${name}" is the service's own`;
  if (Buffer.byteLength(name) > nameMaxBytes) return `it has more than ${nameMaxBytes} bytes`;
  return null;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw badName('a percent-escape is not valid UTF-8');
  }
}

function badName(fault: string): Problem {
  return new Problem(400, 'bad_name', `This name can't be used: ${fault}.`);
}
