/** `allow:` and `deny:` of a route or of the top level. */

import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import { addressBlock, orWord } from '../../keys/value.ts';

const DOC = {
  expected: 'an IP address, a CIDR block, loopback or private, or a list of them',
  type: 'IP address, CIDR block, `loopback`, `private`, or a list of them',
};

const blocks = z
  .union([
    addressBlock,
    z
      .array(addressBlock)
      .min(1)
      .transform((lists) => lists.flat()),
  ])
  .meta({ doc: DOC });

const addresses = orWord('off', blocks);

/** `null`: clients of every address may pass. */
function addressesRow<const Name extends 'allow' | 'deny'>(name: Name, text: string, also: string) {
  return inherited(name, addresses, {
    top: { default: 'off' },
    route: { text: `${text} ([policies.md](policies.md#allow-and-deny)).`, also },
  });
}

export const allowRow = addressesRow(
  'allow',
  'Only clients of these addresses may pass; others are answered 403',
  'ipallowlist ipwhitelist whitelist allowlist sourcerange remoteip clientip',
);

export const denyRow = addressesRow(
  'deny',
  'Clients of these addresses are answered 403, whatever `allow` says',
  'ipdenylist ipblacklist blacklist denylist block blocklist',
);
