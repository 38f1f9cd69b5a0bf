import { HIDDEN, isSecretName } from '../../fields/secrets.ts';

const PARTS_MAX = 100;
const VALUE_CHARS = 1_000;

/**
 * The parts of a multipart body (RFC 2046 §5.1, RFC 7578), a line each: a value that no secret's name stands before, or what a file is and how large.
 * @param type the Content-Type
 * @returns `null` where it has no boundary, or no part behind one
 */
export function shownParts(content: Buffer, type: string): string | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  const delimiter = `--${quoted ?? bare ?? ''}`;
  if (delimiter === '--') return null;
  const lines: string[] = [];
  let at = content.indexOf(delimiter, 0, 'latin1');
  while (at >= 0 && lines.length < PARTS_MAX) {
    const from = at + delimiter.length;
    if (content.toString('latin1', from, from + 2) === '--') break;
    at = content.indexOf(`\r\n${delimiter}`, from, 'latin1');
    const line = shownPart(content.subarray(from, at < 0 ? content.length : at));
    if (line !== null) lines.push(line);
    if (at >= 0) at += 2;
  }
  return lines.length === 0 ? null : lines.join('\n');
}

/** What has no name is not known to be no secret: only its size is told. */
function shownPart(part: Buffer): string | null {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = part.toString('utf8', 0, end);
  const value = part.subarray(end + 4);
  const name = parameter(head, 'name');
  const file = parameter(head, 'filename');
  const type = /^content-type:[ \t]*([^\r\n;]+)/im.exec(head)?.[1];
  if (name === null || file !== null || type !== undefined)
    return [`${name ?? '(no name)'}: ${file ?? ''}`.trim(), type, `${value.length} B`]
      .filter(Boolean)
      .join(', ');
  const text = value.toString();
  const shown = text.length > VALUE_CHARS ? `${text.slice(0, VALUE_CHARS)}…` : text;
  return `${name}: ${isSecretName(name) ? HIDDEN : shown}`;
}

function parameter(head: string, name: string): string | null {
  const disposition = /^content-disposition:[^\r\n]*/im.exec(head)?.[0] ?? '';
  return new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1] ?? null;
}
