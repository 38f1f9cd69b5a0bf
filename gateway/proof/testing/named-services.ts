import type { TestGateway } from './gateway.ts';
import { ok, type ScriptedService, startService } from './service.ts';

/** Services of which each answers with its name. */
export async function startNamed(names: string, ...fields: string[]): Promise<ScriptedService[]> {
  const services: ScriptedService[] = [];
  for (const name of names) services.push((await startService()).answer(ok(name, ...fields)));
  return services;
}

/** As `to:` wants them. */
export function portsOf(services: readonly { readonly port: number }[]): string {
  return `[${services.map(({ port }) => port).join(', ')}]`;
}

/** Names of the services that answered, in order. */
export async function answers(gateway: TestGateway, count: number, ...fields: string[]): Promise<string> {
  let names = '';
  for (let i = 0; i < count; i++) names += (await gateway.get('/db/', ...fields)).text;
  return names;
}

export async function statuses(gateway: TestGateway, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await gateway.get('/db/')).status);
  return found;
}

/** Lines of the log that begin with this. */
export function said(gateway: TestGateway, start: string): string[] {
  return gateway.log.records.map(({ msg }) => String(msg)).filter((msg) => msg.startsWith(start));
}
