/**
 * The part of an address that identifies a client: an IPv4 address, or the /64 of an IPv6 address, since a client mostly has the whole /64.
 * An IPv4 address may come in IPv6 form (RFC 4291 §2.5.5.2).
 */
export function addressNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const dot = address.indexOf('.');
  if (dot >= 0) return MAPPED_DOTTED.exec(address)?.[1] ?? networkOf(groupsOf(address.slice(0, dot)));
  const groups = groupsOf(address);
  return isMapped(groups) ? dotted(groups[6]!, groups[7]!) : networkOf(groups);
}

const MAPPED_DOTTED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Each client comes by here with its first request, so that no part of the text is copied. */
function groupsOf(address: string): number[] {
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  let count = 0;
  let gapAt = -1;
  let value = -1;
  for (let i = 0; i <= address.length && count < GROUPS; i++) {
    const code = i < address.length ? address.charCodeAt(i) : PERCENT;
    if (code !== COLON && code !== PERCENT) {
      value = (Math.max(value, 0) << 4) | hexDigit(code);
      continue;
    }
    if (value >= 0) groups[count++] = value;
    else if (i > 0 && code === COLON && gapAt < 0) gapAt = count;
    value = -1;
    // A zone id follows (RFC 4007 §11).
    if (code === PERCENT) break;
  }
  if (gapAt >= 0)
    groups.copyWithin(GROUPS - (count - gapAt), gapAt, count).fill(0, gapAt, GROUPS - (count - gapAt));
  return groups;
}

const GROUPS = 8;
const COLON = 0x3a;
const PERCENT = 0x25;

function hexDigit(code: number): number {
  return code <= 0x39 ? code & 0xf : (code & 0xf) + 9;
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && (groups[0]! | groups[1]! | groups[2]! | groups[3]! | groups[4]!) === 0;
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

function networkOf([a, b, c, d]: readonly number[]): string {
  return `${a!.toString(16)}:${b!.toString(16)}:${c!.toString(16)}:${d!.toString(16)}::/64`;
}
