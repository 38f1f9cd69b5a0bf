import { describe, expect, it } from 'vitest';
import { problemsOf } from '../proof/testing/configuration.ts';

const problemsWith = (streams: string) =>
  problemsOf(`host: 127.0.0.1\nroutes: { /a: 3001 }\nstreams: ${streams}\n`);

describe('a stream that leads back to itself is refused', () => {
  it.each([
    ['{ tcp: { 7000: 7000 } }', 'where this stream itself listens'],
    ['{ udp: { 7000: { to: [7001, 7000] } } }', 'where this stream itself listens'],
    ['{ tcp: { "0.0.0.0:7000": 127.0.0.1:7000 } }', 'where this stream itself listens'],
    ['{ tcp: { 7000: 7001, 7001: 7002, 7002: 7000 } }', 'the stream tcp 7001 listens'],
    ['{ udp: { 7000: 7001, 7001: 7000 } }', 'it leads back here'],
  ])('%s', async (streams, text) => {
    expect(await problemsWith(streams)).toContain(text);
  });

  it('with a problem at every target on the way', async () => {
    const problems = await problemsWith('{ tcp: { 7000: 7001, 7001: 7000, 7002: 7001 } }');
    expect(problems.match(/it leads back here/g)).toHaveLength(2);
  });

  it.each([
    '{ tcp: { 7000: 7001, 7001: 7002 } }',
    '{ tcp: { 7000: 7001 }, udp: { 7001: 7000 } }',
    '{ tcp: { 7000: 3000 } }',
    '{ tcp: { 7000: 192.0.2.1:7000 } }',
    '{ tcp: { "127.0.0.2:7000": 7000 } }',
    '{ udp: { 7000: dns.internal:7000 } }',
  ])('%s leads nowhere that it came from', async (streams) => {
    expect(await problemsWith(streams)).toBe('');
  });
});
