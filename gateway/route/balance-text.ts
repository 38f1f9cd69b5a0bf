import type { EndpointAddress, EndpointConfig, HashKey, UpstreamConfig } from '../model/config.ts';

/** How an endpoint is chosen, for a person: `hash by cookie sid, sticky by cookie portway`; `null`: there is nothing to choose. */
export function balanceText({ endpoints, canary, balance, sticky }: UpstreamConfig): string | null {
  const [only, ...others] = endpoints;
  if (only === undefined) return null;
  if (others.length === 0 && !canary && !sticky && !isName(only.address)) return null;
  const texts = [balance.kind === 'hash' ? `hash by ${keyText(balance.by)}` : balance.kind];
  if (sticky) texts.push(`sticky by cookie ${sticky.cookie}`);
  if (canary) texts.push(`${percentText(canary.share)} to the canary`);
  return texts.join(', ');
}

/** It may stand for several. */
function isName(address: EndpointAddress): boolean {
  return address.kind === 'srv' || (address.kind === 'tcp' && address.addresses === null);
}

function keyText(by: HashKey): string {
  return by.kind === 'ip' ? 'address of the client' : `${by.kind} ${by.name}`;
}

export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(4))}%`;
}

/** Properties of an endpoint for its listing: ` (×3, backup)`; empty for a plain one. */
export function shareText({ weight, backup }: EndpointConfig, canary: boolean): string {
  const texts = [weight === 1 ? '' : `×${weight}`, backup ? 'backup' : '', canary ? 'canary' : ''];
  const said = texts.filter((text) => text !== '').join(', ');
  return said === '' ? '' : ` (${said})`;
}
