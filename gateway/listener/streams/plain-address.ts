/**
 * An address as others write it: without the `::ffff:` of IPv4 on a socket for both, and without the zone of a link-local
 * one. `unknown` where the connection is gone already.
 */
export function plainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '').replace(/%.*$/, '');
}
