import { chmod, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serviceConfig as service } from '../proof/testing/gateway-config.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { serviceEnvironment } from './service-environment.ts';

const node = process.execPath;

describe('serviceEnvironment', () => {
  it('says the port and who supervises, and passes on what we have', () => {
    const env = serviceEnvironment(service(), { HOME: '/home/me', PORT: '3000' }, { colours: false, node });
    expect(env).toMatchObject({ HOME: '/home/me', PORT: '3001', PORTWAY_SUPERVISED: '1' });
    expect(env).not.toHaveProperty('FORCE_COLOR');
  });

  it("hides the gateway's own PORT from a service without one", () => {
    const env = serviceEnvironment(service({ port: null }), { PORT: '3000' }, { colours: false, node });
    expect(env).not.toHaveProperty('PORT');
  });

  it('lets the configuration have the last word', () => {
    const env = serviceEnvironment(service({ env: { PORT: '9', A: 'b' } }), {}, { colours: false, node });
    expect(env).toMatchObject({ PORT: '9', A: 'b' });
  });

  it.each([
    [true, undefined, '1'],
    [true, '3', '3'],
    [false, '0', '0'],
  ])('asks for colours where they are shown (%s, FORCE_COLOR=%s)', (colours, FORCE_COLOR, expected) => {
    expect(serviceEnvironment(service(), { FORCE_COLOR }, { colours, node }).FORCE_COLOR).toBe(expected);
  });

  it('puts our Node before another one', async () => {
    const other = await temporaryFolder();
    await writeFile(join(other, 'node'), '#!/bin/sh\n');
    await chmod(join(other, 'node'), 0o755);
    const env = serviceEnvironment(service(), { PATH: other }, { colours: false, node });
    expect(env.PATH).toBe([dirname(node), other].join(delimiter));
  });

  it('leaves the order alone where `node` is ours already', async () => {
    const [venv, bin] = [await temporaryFolder(), await temporaryFolder()];
    await symlink(node, join(bin, 'node'));
    const PATH = [venv, bin].join(delimiter);
    expect(serviceEnvironment(service(), { PATH }, { colours: false, node }).PATH).toBe(PATH);
  });

  it('gives a PATH where there was none', () => {
    expect(serviceEnvironment(service(), {}, { colours: false, node }).PATH).toBe(dirname(node));
  });
});
