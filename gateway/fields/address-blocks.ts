import { BlockList, isIP, isIPv6 } from 'node:net';

/** IP addresses and CIDR blocks. An IPv4 address is the same one where it is spelled as an IPv6 address (RFC 4291 §2.5.5.2). */
export class AddressBlocks {
  readonly #list = new BlockList();
  readonly #entries: readonly string[];

  /** @param entries addresses and blocks, checked by the configuration. */
  constructor(entries: readonly string[]) {
    this.#entries = entries;
    for (const entry of entries) this.#add(entry);
  }

  #add(entry: string): void {
    const [address, bits] = entry.split('/') as [string, string?];
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(bits), family);
  }

  includes(address: string): boolean {
    if (this.#entries.length === 0) return false;
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /** The first entry that this address belongs to; `null`: it belongs to none. For people: it costs a list for each entry. */
  entryOf(address: string): string | null {
    return this.#entries.find((entry) => new AddressBlocks([entry]).includes(address)) ?? null;
  }
}
