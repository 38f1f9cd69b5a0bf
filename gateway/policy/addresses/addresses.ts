import { GatewayError } from '../../exchange/error-catalog.ts';
import { AddressBlocks } from '../../fields/address-blocks.ts';
import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { allowRow, denyRow } from './keys.ts';

/** Decides by the client's address, as far as it is believed: `trustProxy` names the peers that may state it. */
export const deny = policyWithKey('deny', {
  does: 'A client whose address is in `deny` is 403.',
  row: denyRow,
  shown: (entries) => entries,
  bind: (entries) => entries && bound(new AddressBlocks(entries), false, `deny: ${listed(entries)}`),
});

export const allow = policyWithKey('allow', {
  does: 'A client whose address is not in `allow` is 403.',
  row: allowRow,
  shown: (entries) => entries,
  bind: (entries) => entries && bound(new AddressBlocks(entries), true, `allow: ${listed(entries)}`),
});

/** @param lets whether the addresses of the list pass, and no others, or all others. @param text the list for people */
function bound(blocks: AddressBlocks, lets: boolean, text: string): BoundPolicy {
  const why = (client: string) => {
    const entry = blocks.entryOf(client);
    return entry === null ? `${client} is in none of ${text}` : `${client} is in ${entry}`;
  };
  return {
    request({ origin: { client } }) {
      if (blocks.includes(client) === lets) return null;
      throw new GatewayError('address_refused', why(client));
    },
    foresee: ({ origin: { client } }) => ({
      status: blocks.includes(client) === lets ? null : 403,
      says: why(client),
    }),
  };
}

/** A list of a thousand would fill the log. */
function listed(entries: readonly string[]): string {
  const shown = entries.slice(0, MOST_SHOWN).join(', ');
  const more = entries.length - MOST_SHOWN;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const MOST_SHOWN = 8;
