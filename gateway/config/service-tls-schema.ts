/** Schema of a route's `tls:`: which certificates of services are accepted. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseHost } from '../keys/host.ts';
import { refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { described, flag, form, parsedBy, path } from '../keys/value.ts';
import type { EndpointAddress, EndpointConfig, ServiceTrust } from '../model/config.ts';

const serverName = parsedBy(
  z.string(),
  (text) => {
    const host = parseHost(text);
    return host.ok && /[a-z]/i.test(text) && !text.includes(':') ? host : refused('a name, without a port');
  },
  { expected: 'the name of a host' },
);

const rows = section({
  serverName: row(serverName, 'The name that it is asked for (SNI), and that its certificate must have.', {
    type: 'name',
    defaultText: 'its host',
    also: 'sni servername proxysslname tlsservername',
  }),
  insecure: row(
    flag,
    'Takes whatever certificate it shows, so that anybody on the way can read and change what passes. `check`, the log and the admin listener say so.',
    { default: 'false', also: 'insecureskipverify tlsinsecureskipverify skipverify' },
  ),
});

export const serviceTlsForm = form('serviceTls', 'tls', {
  ca: described(
    path('the path of a certificate'),
    'PEM, relative to this file: the authorities that its certificate may come from, instead of the system’s. Read when the configuration is.',
    { defaultText: "the system's", also: 'cafile rootca trustedca proxyssltrustedcertificate' },
  ).optional(),
  ...rows.shape,
});

export type CheckedServiceTls = z.output<typeof serviceTlsForm>;

/** @param configuration absolute path: paths in it are relative to its folder */
export function compileTrust(form: CheckedServiceTls, configuration: string): ServiceTrust {
  return {
    caFile: form.ca === undefined ? null : resolve(dirname(configuration), form.ca),
    ca: null,
    ...rows.compile(form),
  };
}

/** The endpoints with their trust; those without TLS stay as they are. */
export function withTrust(endpoints: readonly EndpointConfig[], trust: ServiceTrust): EndpointConfig[] {
  return endpoints.map((one) =>
    speaksTls(one.address) ? { ...one, address: { ...one.address, trust } } : one,
  );
}

export function speaksTls(address: EndpointAddress): address is EndpointAddress & { readonly tls: true } {
  return address.kind !== 'unix' && address.tls;
}
