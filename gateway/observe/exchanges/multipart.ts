import { withoutMembers } from '../../fields/secret-members.ts';
import { HIDDEN, isSecretName, shownText } from '../../fields/secrets.ts';

const PARTS_MAX = 100;
const VALUE_CHARS = 1_000;

/**
 * The parts of a multipart body (RFC 2046 §5.1, RFC 7578), one line each: a value whose name is no secret's, or the name and size of a
 * file.
 * @param type the Content-Type
 * @param truncated whether the content was cut off, so that its last part may be larger
 * @returns `null` without a boundary, or without any part
 */
export function shownParts(content: Buffer, type: string, truncated: boolean): string | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  const delimiter = `--${quoted ?? bare ?? ''}`;
  if (delimiter === '--') return null;
  const lines: string[] = [];
  let at = content.indexOf(delimiter, 0, 'latin1');
  for (let parts = 0; at >= 0 && parts < PARTS_MAX; parts++) {
    const from = at + delimiter.length;
    if (content.toString('latin1', from, from + 2) === '--') break;
    // Some clients end lines by LF alone: the next part must not pass as the rest of this one.
    at = content.indexOf(`\n${delimiter}`, from, 'latin1');
    const end = at < 0 ? content.length : at - (content[at - 1] === CR ? 1 : 0);
    const line = shownPart(content.subarray(from, end), truncated && at < 0);
    if (line !== null) lines.push(line);
    if (at >= 0) at += 1;
  }
  return lines.length === 0 ? null : lines.join('\n');
}

/** A part without a name may be secret: only its size is shown. */
function shownPart(part: Buffer, truncated: boolean): string | null {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = part.toString('utf8', 0, end);
  const value = part.subarray(end + 4);
  const name = parameter(head, 'name');
  const file = parameter(head, 'filename');
  const type = /^content-type:[ \t]*([^\r\n;]+)/im.exec(head)?.[1];
  if (name === null || file !== null || type !== undefined || value.includes(0)) {
    const size = `${truncated ? 'at least ' : ''}${value.length} B`;
    return `${name ?? '(no name)'}: ${[file, type?.trim(), size].filter(Boolean).join(', ')}`;
  }
  if (isSecretName(name)) return `${name}: ${HIDDEN}`;
  const text = value.toString();
  const cut = truncated || text.length > VALUE_CHARS;
  // Clients put JSON beside their files.
  return `${name}: ${shownText(withoutMembers(text.slice(0, VALUE_CHARS)))}${cut ? '…' : ''}`;
}

function parameter(head: string, name: string): string | null {
  const disposition = /^content-disposition:[^\r\n]*/im.exec(head)?.[0] ?? '';
  return new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1] ?? null;
}

const CR = 0x0d;
