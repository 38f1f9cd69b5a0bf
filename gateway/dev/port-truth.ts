/** Findings about a local port that did not answer as it should, for the error's page, its JSON, and the log. */
import type { PortTruth } from '../answer/advice.ts';
import type { EndpointAddress } from '../model/config.ts';
import { describeHolder, portHolder } from './port-holder.ts';
import { accepts } from './port-probe.ts';
import { speechAt } from './port-speech.ts';

const WITHIN_MS = 700;
/** Requests that fail together share one finding. */
const KEPT_MS = 2_000;
const AT_ONCE = 8;

type TcpAddress = Extract<EndpointAddress, { kind: 'tcp' }>;

export class PortTruths {
  readonly #asked = new Map<string, Promise<PortTruth>>();

  /** @param refused nothing took the connection. @returns nothing where there is nothing to find out, or too much is asked already */
  of(address: EndpointAddress, refused: boolean): Promise<PortTruth | null> {
    if (address.kind !== 'tcp' || !isHere(address)) return NOTHING;
    const key = `${address.key} ${refused}`;
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    if (this.#asked.size >= AT_ONCE) return NOTHING;
    const truth = (refused ? ofDead(address) : ofOther(address)).catch(() => NONE);
    this.#asked.set(key, truth);
    setTimeout(() => this.#asked.delete(key), KEPT_MS).unref();
    return truth;
  }
}

const NONE: PortTruth = { happened: [], fix: [] };
const NOTHING = Promise.resolve(null);

function isHere({ host, addresses }: TcpAddress): boolean {
  return [host, ...(addresses ?? [])].some(
    (one) => one === 'localhost' || one === '::1' || one.startsWith('127.'),
  );
}

/** The loopback address of the other family, where one alone is named. */
export async function otherListener({ host, addresses, port }: TcpAddress): Promise<string | null> {
  const [first, second] = addresses ?? [host];
  if (second !== undefined || (first !== '127.0.0.1' && first !== '::1')) return null;
  const other = first === '::1' ? '127.0.0.1' : '::1';
  if (!(await accepts(other, port, WITHIN_MS))) return null;
  return other === '::1' ? `[::1]:${port}` : `${other}:${port}`;
}

async function ofDead(address: TcpAddress): Promise<PortTruth> {
  const other = await otherListener(address);
  if (other === null) return NONE;
  return {
    happened: [`Nothing listens on ${address.key}; something listens on ${other} only.`],
    fix: [`Write \`${address.port}\` alone: both addresses are tried.`],
  };
}

async function ofOther(address: TcpAddress): Promise<PortTruth> {
  const { host, addresses, port, tls } = address;
  const [speech, holder] = await Promise.all([
    speechAt({ host: addresses?.[0] ?? host, port }, `${host}:${port}`, WITHIN_MS),
    portHolder(port),
  ]);
  const held = holder === null ? [] : [`The port ${port} is held by \`${describeHolder(holder, port)}\`.`];
  if (speech.kind === 'tls' && !tls)
    return { happened: [`${port} speaks TLS.`, ...held], fix: [`Write \`https://${host}:${port}\`.`] };
  if (speech.kind === 'http' && tls)
    return {
      happened: [`${port} speaks plain HTTP, not TLS.`, ...held],
      fix: ['Write `http://` instead of `https://`.'],
    };
  if (speech.kind === 'other' && !speech.silent && !tls)
    return {
      happened: [`${port} takes connections, but does not speak HTTP.`, ...held],
      fix: ['A raw port belongs under `streams:`; else end that program, or correct the port.'],
    };
  return { happened: held, fix: [] };
}
