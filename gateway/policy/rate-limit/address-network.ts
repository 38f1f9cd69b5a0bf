/**
 * What of an address stands for one client: an IPv4 address, or the /64 of an IPv6 address, of which one client has all others, too. An IPv4
 * address may be spelled as an IPv6 address (RFC 4291 §2.5.5.2).
 */
export function addressNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted !== null) return dotted[1]!;
  const groups = groupsOf(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

function groupsOf(address: string): number[] {
  const [front = '', back] = address.split('%', 1)[0]!.split('::');
  const read = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [read(front), read(back ?? '')];
  const gap = Math.max(0, 8 - first.length - last.length);
  return [...first, ...new Array<number>(gap).fill(0), ...last];
}
