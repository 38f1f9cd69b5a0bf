import { homedir } from 'node:os';
import {
  type StoreResult,
  trustInBrowsers,
  trustInSystem,
  untrustInBrowsers,
  untrustInSystem,
} from '../dev/trust-stores.ts';
import { authorityFolder, devAuthority, readAuthority } from '../tls/dev-authority.ts';
import type { CommandContext, RunCommand } from './command.ts';

/** Makes the programs of this machine accept the certificates of `tls: dev`. */
export const trust: RunCommand = async (_input, context) => {
  const authority = await devAuthority(authorityFolder(context.env));
  context.stdout.write(`${authority.name}\n${authority.file}\n\n`);
  const browsers = await trustInBrowsers(authority, homeOf(context));
  const all = tell([await trustInSystem(authority), ...browsers], context);
  context.stdout.write(`\nNode.js: NODE_EXTRA_CA_CERTS=${authority.file}\n`);
  return all ? 0 : 1;
};

export const untrust: RunCommand = async (_input, context) => {
  const folder = authorityFolder(context.env);
  const authority = await readAuthority(folder);
  if (authority === null) {
    context.stdout.write(`there is no authority in ${folder}: nothing is trusted\n`);
    return 0;
  }
  const browsers = await untrustInBrowsers(authority, homeOf(context));
  return tell([await untrustInSystem(), ...browsers], context) ? 0 : 1;
};

function homeOf({ env }: CommandContext): string {
  return env.HOME || homedir();
}

/** @returns whether all was done */
function tell(results: readonly StoreResult[], { stdout }: CommandContext): boolean {
  for (const { store, done, text } of results) stdout.write(`${done ? '✓' : '✗'} ${store}: ${text}\n`);
  return results.every(({ done }) => done);
}
