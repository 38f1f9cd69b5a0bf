import { describe, expect, test } from 'vitest';
import { localAddress } from '../testing/endpoint-address.ts';
import { AddressBook } from './address-book.ts';

const named = localAddress(53, { host: 'dns.test', addresses: null });

/** A resolver that answers when the test says so, and an address book that asks it. */
function book(freshMs: number) {
  const asked: PromiseWithResolvers<readonly string[]>[] = [];
  const lookup = () => {
    const question = Promise.withResolvers<readonly string[]>();
    asked.push(question);
    return question.promise;
  };
  return { asked, addresses: new AddressBook(lookup, freshMs) };
}

describe('an address book', () => {
  test('asks nobody for what the configuration says', async () => {
    const { asked, addresses } = book(1_000);
    expect(await addresses.find(localAddress(53, { addresses: ['127.0.0.1', '::1'] }))).toEqual([
      '127.0.0.1',
      '::1',
    ]);
    expect(await addresses.find(localAddress(53, { host: '192.0.2.1', addresses: null }))).toEqual([
      '192.0.2.1',
    ]);
    expect(asked).toEqual([]);
  });

  test('asks once for many, and again when the answer has grown old', async () => {
    const { asked, addresses } = book(60_000);
    const found = Promise.all(Array.from({ length: 100 }, () => addresses.find(named)));
    asked[0]?.resolve(['192.0.2.1']);
    expect(new Set((await found).flat())).toEqual(new Set(['192.0.2.1']));
    await addresses.find(named);
    expect(asked).toHaveLength(1);
  });

  test('does not wait for the resolver where it knows an older answer', async () => {
    const { asked, addresses } = book(0);
    const first = addresses.find(named);
    asked[0]?.resolve(['192.0.2.1']);
    await first;
    expect(await addresses.find(named)).toEqual(['192.0.2.1']);
    asked[1]?.resolve(['192.0.2.2']);
    await asked[1]?.promise;
    expect(await addresses.find(named)).toEqual(['192.0.2.2']);
  });

  test('keeps the older answer while the resolver fails', async () => {
    const { asked, addresses } = book(0);
    const first = addresses.find(named);
    asked[0]?.resolve(['192.0.2.1']);
    await first;
    for (let turn = 1; turn < 3; turn++) {
      expect(await addresses.find(named)).toEqual(['192.0.2.1']);
      asked[turn]?.reject(new Error('SERVFAIL'));
    }
  });

  test('fails as the resolver does where there is no older answer', async () => {
    const { asked, addresses } = book(0);
    const found = addresses.find(named);
    asked[0]?.reject(new Error('SERVFAIL'));
    await expect(found).rejects.toThrow('SERVFAIL');
  });
});
