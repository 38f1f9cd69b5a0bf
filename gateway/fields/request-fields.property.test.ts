import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routedExchange, valuesOf } from '../proof/testing/routed-exchange.ts';
import { requestFields } from './request-fields.ts';

const signature = { pseudonym: 'portway-test', requestId: 'id-1', traceparent: '00-a-b-00' };
const spoof = 'spoofed';

const plainName = fc.constantFrom(
  'X-A',
  'x-a',
  'X-B',
  'Cookie',
  'Accept-Language',
  'X_Under',
  '__proto__',
  'Authorization',
  'Content-Type',
);
const hopName = fc.constantFrom(
  'Keep-Alive',
  'Proxy-Connection',
  'proxy-authorization',
  'Trailer',
  'UPGRADE',
  'Transfer-Encoding',
);
const forwardedName = fc.constantFrom(
  'X-Forwarded-For',
  'x-forwarded-host',
  'X_Forwarded_Proto',
  'x-forwarded_port',
  'X-FORWARDED-PREFIX',
  'X-Real-IP',
  'x_real_ip',
  'Forwarded',
  'X-Request-Id',
);
const value = fc.string({
  unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 8,
});
const field = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(plainName, value) },
  { weight: 1, arbitrary: fc.tuple(hopName, fc.constant('hop')) },
  { weight: 2, arbitrary: fc.tuple(forwardedName, fc.constant(spoof)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('Connection', 'connection'),
      fc.constantFrom('X-A', 'x-b, close', ', X_Under ,', 'X-Forwarded-For, Via'),
    ),
  },
);
const fields = fc.array(field, { maxLength: 12 });

const sent = (list: readonly (readonly [string, string])[]) =>
  requestFields(
    routedExchange({ fields: list.flat() }),
    { authority: 'localhost:3001', scheme: 'http' },
    signature,
  );

/** What Connection names, as anybody would write it down. */
function nominatedBy(list: readonly (readonly [string, string])[]): Set<string> {
  const options = list
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, named]) => named.split(','));
  return new Set(options.map((option) => option.trim().toLowerCase()));
}

test('end-to-end fields keep order, case, repetition and bytes; those that Connection names are gone', () => {
  fc.assert(
    fc.property(fields, (list) => {
      const nominated = nominatedBy(list);
      const wanted = list.filter(([name]) => PLAIN.test(name) && !nominated.has(name.toLowerCase()));
      const out = sent(list);
      const arrived = pairs(out).filter(([name]) => PLAIN.test(name));
      expect(arrived).toEqual(wanted);
    }),
    { numRuns: 2_000 },
  );
});

test('what is of one hop, and what a stranger says of where he comes from, never arrives', () => {
  fc.assert(
    fc.property(fields, (list) => {
      const out = sent(list);
      expect(out.filter((text) => text === spoof || text === 'hop')).toEqual([]);
      for (const own of [
        'Host',
        'X-Forwarded-For',
        'X-Forwarded-Proto',
        'X-Real-IP',
        'Forwarded',
        'Via',
        'X-Request-Id',
      ])
        expect(valuesOf(out, own)).toHaveLength(1);
      expect(pairs(out).filter(([name]) => name.includes('_') && /forwarded|real/i.test(name))).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

const PLAIN = /^(x-a|x-b|cookie|accept-language|x_under|__proto__|authorization|content-type)$/i;

function pairs(out: readonly string[]): [string, string][] {
  return out.flatMap((name, at) => (at % 2 === 0 ? [[name, out[at + 1]!] as [string, string]] : []));
}
