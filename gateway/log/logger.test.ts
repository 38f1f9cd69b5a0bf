import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogConfig } from '../model/config.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { createLogger } from './logger.ts';

let file: string;
beforeEach(async () => {
  file = join(await temporaryFolder(), 'gateway.log');
});

function logger(
  config: Partial<LogConfig>,
  terminal = false,
  env: Record<string, string> = {},
): Promise<Logger> {
  return createLogger(
    { level: 'info', format: 'auto', access: true, ...config },
    { terminal, env, destination: file },
  );
}

async function written(log: Logger): Promise<string> {
  await new Promise((done) => log.flush(done));
  return readFileSync(file, 'utf8');
}

const ESC = '\u001b';

describe('the log where no terminal is', () => {
  it('is a JSON object on each line: level by name, time in ISO 8601, nothing about this machine', async () => {
    const log = await logger({});
    log.warn({ port: 3001 }, 'nothing listens');
    const line = JSON.parse(await written(log));
    expect(Object.keys(line)).toEqual(['level', 'time', 'port', 'msg']);
    expect(line).toMatchObject({ level: 'warn', port: 3001, msg: 'nothing listens' });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  it('follows a level that changes while it runs', async () => {
    const log = await logger({ level: 'warn' });
    log.info('before');
    log.level = 'info';
    log.info('after');
    expect(
      (await written(log))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).msg),
    ).toEqual(['after']);
  });

  it('writes a fatal line at once', async () => {
    (await logger({})).fatal('the end');
    expect(readFileSync(file, 'utf8')).toContain('"msg":"the end"');
  });

  it('can be pretty, without colours', async () => {
    const log = await logger({ format: 'pretty' });
    log.info({ port: 3000 }, 'listening');
    expect(await written(log)).toMatch(/^\d\d:\d\d:\d\d INFO {2}listening {"port":3000}\n$/);
  });
});

describe('the log on a terminal', () => {
  it('is for people, in colour, and there at once', async () => {
    (await logger({}, true)).info('listening');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('listening');
    expect(text).toContain(`${ESC}[36m`);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colours with %o', async (env) => {
    (await logger({}, true, env)).error({ err: new Error('no') }, 'it broke');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('it broke');
    expect(text).not.toContain(ESC);
  });

  it('can be JSON', async () => {
    const log = await logger({ format: 'json' }, true);
    log.info('listening');
    expect(JSON.parse(await written(log))).toMatchObject({ msg: 'listening' });
  });
});
