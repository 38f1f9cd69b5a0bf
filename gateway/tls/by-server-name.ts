import { domainToASCII } from 'node:url';

/**
 * Values by the names of certificates. An exact name wins over `*.example.com`, which is one label and no more (RFC 9525 §6.3); of two
 * values for a name the first one stays.
 */
export class ByServerName<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #below = new Map<string, Value>();

  add(names: readonly string[], value: Value): void {
    for (const name of names) {
      const [map, key] = name.startsWith('*.') ? [this.#below, name.slice(2)] : [this.#exact, name];
      if (!map.has(key)) map.set(key, value);
    }
  }

  /** @param name as the client sent it (RFC 6066 §3) */
  get(name: string): Value | undefined {
    const asked = domainToASCII(name) || name.toLowerCase();
    const dot = asked.indexOf('.');
    return this.#exact.get(asked) ?? (dot < 0 ? undefined : this.#below.get(asked.slice(dot + 1)));
  }
}
