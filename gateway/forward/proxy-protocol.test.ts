import { describe, expect, test } from 'vitest';
import { type ProxiedConnection, readProxyHeader, writeProxyHeader } from './proxy-protocol.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

function connection(
  sourceAddress: string,
  destinationAddress: string,
  [sourcePort, destinationPort] = [56_324, 443],
): ProxiedConnection {
  return { sourceAddress, sourcePort, destinationAddress, destinationPort };
}

const v4 = connection('192.0.2.1', '198.51.100.7');
const v6 = connection('2001:db8::1', '2001:db8:0:1::ff');

function read(header: string | Buffer) {
  return readProxyHeader(typeof header === 'string' ? Buffer.from(header, 'latin1') : header);
}

/** `2x` version and command, then family, length and block. */
function v2(rest: string): Buffer {
  return Buffer.from(SIGNATURE + rest.replaceAll(' ', ''), 'hex');
}

describe('a header that is written', () => {
  test.each([
    ['v1', v4, 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n'],
    ['v1', v6, 'PROXY TCP6 2001:db8::1 2001:db8:0:1::ff 56324 443\r\n'],
    ['v1', connection('192.0.2.1', '2001:db8::1'), 'PROXY UNKNOWN\r\n'],
    ['v1', connection('unknown', '192.0.2.1'), 'PROXY UNKNOWN\r\n'],
    ['v1', connection('fe80::1%eth0', 'fe80::2'), 'PROXY UNKNOWN\r\n'],
  ] as const)('%s of %o is %j', (version, from, expected) => {
    expect(writeProxyHeader(version, from).toString('latin1')).toBe(expected);
  });

  test.each([
    [v4, '21 11 000c c0000201 c6336407 dc04 01bb'],
    [v6, '21 21 0024 20010db8000000000000000000000001 20010db80000000100000000000000ff dc04 01bb'],
    [connection('192.0.2.1', '2001:db8::1'), '20 00 0000'],
    [connection('unknown', 'unknown'), '20 00 0000'],
    [connection('fe80::1%eth0', 'fe80::2%eth0'), '20 00 0000'],
  ])('v2 of %o has the bytes of §2.2', (from, expected) => {
    expect(writeProxyHeader('v2', from).toString('hex')).toBe(v2(expected).toString('hex'));
  });

  test.each(
    (['v1', 'v2'] as const).flatMap((version) =>
      [
        v4,
        v6,
        connection('0.0.0.0', '255.255.255.255', [0, 65_535]),
        connection('::', '::1'),
        connection('1::', '1:2:3:4:5:6:7:8'),
        connection('0:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:0'),
        connection('64:ff9b::c000:201', 'fe80::aaaa:0:0:1'),
      ].map((from) => ({ version, from })),
    ),
  )(
    '$version of $from.sourceAddress and $from.destinationAddress is read as what it says',
    ({ version, from }) => {
      const header = writeProxyHeader(version, from);
      const seen = read(Buffer.concat([header, Buffer.from('PROXY bytes of the client')]));
      expect(seen).toEqual({ kind: 'read', length: header.length, connection: from });
    },
  );

  test('is at most as long as §2.1 allows', () => {
    const longest = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    const header = writeProxyHeader('v1', connection(longest, longest, [65_535, 65_535]));
    expect(header).toHaveLength(104);
    expect(read(header).kind).toBe('read');
  });
});

describe('a header that is read', () => {
  test.each([
    ['UNKNOWN alone', Buffer.from('PROXY UNKNOWN\r\n')],
    ['UNKNOWN with addresses', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n')],
    ['LOCAL', v2('20 00 0000')],
    ['LOCAL with a block', v2('20 11 000c c0000201 c6336407 dc04 01bb')],
    ['LOCAL of a family that there is not', v2('20 ff 0002 0000')],
    ['an unspecified family', v2('21 00 0000')],
    ['a Unix socket', v2(`21 31 00d8 ${'00'.repeat(216)}`)],
  ])('as nobody else’s connection: %s', (_what, header) => {
    expect(read(header)).toEqual({ kind: 'read', connection: null, length: header.length });
  });

  test('with extensions behind the addresses, which are left out', () => {
    const header = v2('21 11 0013 c0000201 c6336407 dc04 01bb 02 0004 61622e63');
    expect(read(header)).toEqual({ kind: 'read', connection: v4, length: 35 });
  });

  test('of datagrams, too', () => {
    expect(read(v2('21 12 000c c0000201 c6336407 dc04 01bb'))).toMatchObject({ connection: v4 });
  });

  test.each([
    ['v1', writeProxyHeader('v1', v6)],
    ['v2', writeProxyHeader('v2', v6)],
  ])('%s is incomplete at every length but its own', (_version, header) => {
    for (let length = 1; length < header.length; length++) {
      expect([length, read(header.subarray(0, length)).kind]).toEqual([length, 'incomplete']);
    }
  });

  test.each([
    ['no header at all', 'GET / HTTP/1.1\r\n\r\n'],
    ['a TLS hello', Buffer.from('1603010200', 'hex')],
    ['small letters', 'proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n'],
    ['a word that begins alike', 'PROXYING\r\n'],
    ['no family', 'PROXY\r\n'],
    ['an empty family', 'PROXY \r\n'],
    ['an unknown family', 'PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n'],
    ['UNKNOWN with a tail', 'PROXY UNKNOWNS\r\n'],
    ['two spaces', 'PROXY TCP4  192.0.2.1 198.51.100.7 1 2\r\n'],
    ['a tab', 'PROXY TCP4\t192.0.2.1 198.51.100.7 1 2\r\n'],
    ['a space at the end', 'PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n'],
    ['too few words', 'PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n'],
    ['too many words', 'PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n'],
    ['an IPv6 address in TCP4', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
    ['an IPv4 address in TCP6', 'PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n'],
    ['an octet too large', 'PROXY TCP4 192.0.2.256 198.51.100.7 1 2\r\n'],
    ['an octal octet', 'PROXY TCP4 192.0.2.01 198.51.100.7 1 2\r\n'],
    ['a zone', 'PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n'],
    ['a name', 'PROXY TCP4 localhost localhost 1 2\r\n'],
    ['a port too large', 'PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n'],
    ['a port with a zero in front', 'PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n'],
    ['a negative port', 'PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n'],
    ['a hexadecimal port', 'PROXY TCP4 192.0.2.1 198.51.100.7 0x1 2\r\n'],
    ['a line of 108 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
    ['107 bytes without an end', `PROXY UNKNOWN ${'x'.repeat(93)}`],
    ['version 1 in the binary form', v2('11 11 000c c0000201 c6336407 dc04 01bb')],
    ['version 3', v2('31 11 000c c0000201 c6336407 dc04 01bb')],
    ['an unknown command', v2('22 11 000c c0000201 c6336407 dc04 01bb')],
    ['an unknown binary family', v2('21 41 0000')],
    ['an unknown transport', v2('21 13 000c c0000201 c6336407 dc04 01bb')],
    ['addresses cut short', v2('21 11 000b c0000201 c6336407 dc04 01')],
    ['IPv6 in the room of IPv4', v2('21 21 000c c0000201 c6336407 dc04 01bb')],
    ['an extension cut short', v2('21 11 0012 c0000201 c6336407 dc04 01bb 02 0004 61622e')],
    ['half an extension’s head', v2('21 11 0015 c0000201 c6336407 dc04 01bb 02 0004 61622e63 0400')],
    ['64 KiB of extensions', v2('21 11 ffff')],
    ['half a signature, then something else', Buffer.from('0d0a0d0a00ff', 'hex')],
  ])('is refused: %s', (_what, header) => {
    expect(read(header)).toEqual({ kind: 'invalid', why: expect.any(String) });
  });
});
