import { GatewayError } from '../../exchange/error-catalog.ts';
import { AddressBlocks } from '../../fields/address-blocks.ts';
import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { allowRow, denyRow } from './keys.ts';

/** The address that decides is the client's, as far as it is believed: `trustProxy` says whose word is taken for it. */
export const deny = policyWithKey('deny', {
  does: 'A client whose address is in `deny` is 403.',
  row: denyRow,
  sections: [],
  shown: (entries) => entries,
  bind(entries) {
    if (entries === null) return null;
    const blocks = new AddressBlocks(entries);
    return refusing((client) => (blocks.includes(client) ? `is in deny: ${blocks.entryOf(client)}` : null));
  },
});

export const allow = policyWithKey('allow', {
  does: 'A client whose address is not in `allow` is 403.',
  row: allowRow,
  sections: [],
  shown: (entries) => entries,
  bind(entries) {
    if (entries === null) return null;
    const blocks = new AddressBlocks(entries);
    return refusing((client) => (blocks.includes(client) ? null : `is in none of allow: ${listed(entries)}`));
  },
});

/** @param fault what speaks against an address; `null`: nothing */
function refusing(fault: (client: string) => string | null): BoundPolicy {
  return {
    request({ origin: { client } }) {
      const reason = fault(client);
      if (reason !== null) throw new GatewayError('address_refused', `${client} ${reason}`);
      return null;
    },
  };
}

/** A list of a thousand would fill the log. */
function listed(entries: readonly string[]): string {
  const shown = entries.slice(0, MOST_SHOWN).join(', ');
  const more = entries.length - MOST_SHOWN;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const MOST_SHOWN = 8;
