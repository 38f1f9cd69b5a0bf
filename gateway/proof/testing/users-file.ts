import { createHash, scryptSync } from 'node:crypto';

const SALT = 'c2FsdHNhbHRzYWx0c2FsdA';

/** Lines of a file of users whose passwords cost little to check. */
export function usersFile(passwords: Readonly<Record<string, string>>): string {
  const lines = Object.entries(passwords).map(([name, password]) => {
    const hash = scryptSync(password, Buffer.from(SALT, 'base64'), 32, { cost: 1024, blockSize: 8 });
    return `${name}:$scrypt$ln=10,r=8,p=1$${SALT}$${hash.toString('base64').replace(/=+$/, '')}\n`;
  });
  return lines.join('');
}

export function keysFile(keys: Readonly<Record<string, string>>): string {
  const lines = Object.entries(keys).map(
    ([name, key]) => `${name}:${createHash('sha256').update(key).digest('hex')}\n`,
  );
  return lines.join('');
}

/** The field that says it. */
export function basic(name: string, password: string): string {
  return `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
