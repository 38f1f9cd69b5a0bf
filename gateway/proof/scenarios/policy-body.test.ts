import { describe, expect, test, vi } from 'vitest';
import type { Fields } from '../../exchange/contract.ts';
import { DownstreamFilter } from '../../exchange/downstream-filter.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startService } from '../testing/service.ts';

vi.mock(import('../../policy/order.ts'), async (original) => {
  const order = await original();
  const { RoutePolicies } = await import('../../policy/route-policies.ts');
  const marking = (name: string) => ({
    name,
    does: '',
    key: null,
    bind: () => ({ client: (client: DownstreamFilter['client']) => new Marking(client, name) }),
  });
  return {
    ...order,
    policiesOf: ({ policies }) =>
      new RoutePolicies([...order.POLICIES, marking('first'), marking('second')], policies),
  };
});

/** Puts its name behind every answer, and into its head. */
class Marking extends DownstreamFilter {
  readonly #name: string;

  constructor(client: DownstreamFilter['client'], name: string) {
    super(client);
    this.#name = name;
  }

  override head(status: number, reason: string, fields: Fields): void {
    super.head(status, reason, [...fields, 'X-Marked', this.#name]);
  }

  override end(trailers: Fields): void {
    this.write(Buffer.from(` ${this.#name}`));
    super.end(trailers);
  }
}

describe.each(laneKinds.filter(({ throughFastify }) => !throughFastify))(
  'policies of bodies, on $kind',
  ({ routes, files, extended }) => {
    test.each<[string, string[]]>([
      ['of the service', []],
      ...(extended ? [] : ([['of a cache', ['cache: true']]] as [string, string[]][])),
    ])('see an answer %s in their order', async (_whose, keys) => {
      const service = (await startService()).answer(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: max-age=60\r\n\r\n3\r\nits\r\n0\r\n\r\n',
      );
      const gateway = await startTestGateway(routes('/db', service.port, ...keys), { files });
      for (const _again of [1, 2]) {
        const answer = await gateway.get('/db/x');
        expect(answer.body.toString()).toBe('its first second');
        expect(answer.head.values('x-marked')).toEqual(['first', 'second']);
      }
      expect(service.requests).toHaveLength(keys.length === 0 ? 2 : 1);
    });
  },
);
