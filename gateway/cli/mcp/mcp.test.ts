import { spawn } from 'node:child_process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../proof/testing/free-port.ts';
import { until } from '../../proof/testing/poll.ts';
import { startPortway } from '../../proof/testing/portway.ts';
import { killThoseThatRun } from '../../proof/testing/process-facts.ts';
import { PORTWAY } from '../../proof/testing/processes.ts';
import { program, temporaryFolder } from '../../proof/testing/program.ts';

const SOURCE = `console.log('pid', process.pid);
require('node:http').createServer((request, answer) => {
  if (request.url === '/bad') answer.statusCode = 500;
  answer.end('fine');
}).listen(process.env.PORT, '127.0.0.1');`;

/** A running `portway dev`, and the SDK's client of `portway mcp` in its folder. */
async function agent(...args: string[]) {
  const [port = 0, adminPort = 0, dead = 0] = await freePorts(3);
  const run = JSON.stringify(await program(SOURCE));
  const routes = `{ /api: { to: auto, run: ${run} }, /dead: { to: ${dead}, hold: 100ms } }`;
  const yaml = `port: ${port}\nadmin: ${adminPort}\nroutes: ${routes}\n`;
  const folder = await temporaryFolder({ 'gateway.config.yaml': yaml });
  const running = startPortway(['dev'], { cwd: folder });
  const pids = () => Array.from(running.plain().matchAll(/\| pid (\d+)$/gm), ([, pid]) => Number(pid));
  onTestFinished(() => killThoseThatRun(pids()));
  await running.said('api is ready');
  return { ...(await clientIn(folder, ...args)), port, pids };
}

async function clientIn(folder: string, ...args: string[]) {
  const client = new Client({ name: 'a test', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PORTWAY, 'mcp', ...args],
    cwd: folder,
    stderr: 'pipe',
  });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const call = async (name: string, input: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: input });
    const [{ text }] = content as [{ text: string }];
    return { text, isError, json: () => JSON.parse(text) as never };
  };
  return { client, call };
}

describe('an agent', () => {
  test('sees what there is, what went through, and what fails and why', async () => {
    const { client, call, port } = await agent();
    expect(client.getServerVersion()).toMatchObject({ name: 'portway' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      'routes explain check service_logs tail exchange messages failures'.split(' '),
    );
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: 'Bearer s3cret' } });
    for (const path of ['/api/x', '/api/bad', '/dead/a', '/dead/b']) await (await ask(path)).text();

    const routes = async () =>
      (await call('routes')).json() as { routes: { endpoints: { state: string }[] }[] };
    // What was seen of the port before the service listened is believed for a moment.
    await until('the service is up', async () => (await routes()).routes[0]?.endpoints[0]?.state === 'up');
    expect(await routes()).toMatchObject({
      routes: [
        {
          id: '/api',
          endpoints: [{ state: 'up' }],
          service: { name: 'api' },
          traffic: { requests: 2, failed: 1 },
        },
        { id: '/dead' },
      ],
    });
    expect((await call('explain', { url: '/api/x' })).text).toContain('✔ /api takes it');
    const { exchanges } = (await call('tail', { route: '/api', limit: 1 })).json() as {
      exchanges: { id: string }[];
    };
    expect(exchanges).toMatchObject([{ target: '/api/bad', status: 500 }]);
    const one = await call('exchange', { id: exchanges[0]!.id });
    expect(one.json()).toMatchObject({ route: '/api', tries: [{ status: 500 }] });
    expect(one.text).not.toContain('s3cret');
    expect((await call('failures')).json()).toMatchObject({
      failures: [
        {
          route: '/dead',
          times: 2,
          code: 'connection_refused',
          whatToDo: expect.stringContaining('Start the service'),
        },
        { route: '/api', times: 1, status: 500 },
      ],
      notUp: [{ id: '/dead' }],
      configurationRefused: null,
    });
    expect((await call('service_logs', { name: 'api' })).json()).toMatchObject({
      name: 'api',
      lastOutput: [/^pid/],
    });
    expect(await call('service_logs', { name: 'apo' })).toMatchObject({
      isError: true,
      text: expect.stringContaining('did you mean api?'),
    });
  });

  test('acts only where it may', async () => {
    const { client, call, port, pids } = await agent('--allow-actions');
    const { tools } = await client.listTools();
    expect(tools.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name)).toEqual([
      'restart_service',
      'drain_endpoint',
      'replay',
    ]);
    await (await fetch(`http://127.0.0.1:${port}/api/x`, { method: 'POST' })).text();
    const { exchanges } = (await call('tail', { limit: 1 })).json() as { exchanges: { id: string }[] };
    const { id } = exchanges[0]!;
    expect(await call('replay', { id })).toMatchObject({
      isError: true,
      text: expect.stringContaining('confirm'),
    });
    expect((await call('replay', { id, confirm: true })).json()).toMatchObject({ after: { status: 200 } });
    await call('restart_service', { name: 'api' });
    await until('a second process', () => pids().length === 2);
  });
});

describe('without a gateway', () => {
  let folder: string;
  beforeEach(async () => {
    const [adminPort = 0] = await freePorts(1);
    const routes = '[{ to: 3001 }, { to: 3002, when: { cookies: { beta: hush } } }]';
    const yaml = `admin: ${adminPort}\nroutes: { /db: ${routes} }\n`;
    folder = await temporaryFolder({ 'gateway.config.yaml': yaml });
  });

  test('an agent checks drafts, asks what the file says, and is told what is missing', async () => {
    const { client, call } = await clientIn(folder);
    expect((await call('check', { yaml: 'routes: { /db: 3001 }' })).text).toBe('no problems');
    expect((await call('check', { yaml: 'routes:\n  /db: 3OO1\n' })).text).toContain(
      'gateway.config.yaml:2:8',
    );
    expect((await call('explain', { url: '/nowhere' })).text).toContain('/nowhere');
    expect((await call('explain', { url: '/db/x' })).text).toContain('cookie beta to be "(not shown)"');
    expect(await call('routes')).toMatchObject({
      isError: true,
      text: expect.stringContaining('no gateway answers'),
    });
    expect(await call('tail', { limit: 0 })).toMatchObject({ isError: true });
    await expect(client.callTool({ name: 'replay', arguments: {} })).rejects.toThrow(
      'There is no tool "replay"',
    );
  });

  test('what is no request is answered as such, and its end is the end of the program', async () => {
    const child = spawn(process.execPath, [PORTWAY, 'mcp'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill());
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdin.write(
      'no json\n[]\n42\n{"jsonrpc":"2.0","id":1,"method":"nothing"}\n{"jsonrpc":"2.0","method":"notifications/x"}\n',
    );
    child.stdin.write(
      '{"id":{},"method":"ping"}\n{"id":null,"method":"ping"}\n{"id":3}\n{"id":4,"result":1}\n',
    );
    child.stdin.write(`{"id":5,"method":"ping","params":{"a":"${'5'.repeat(5_000_000)}"}}\n`);
    child.stdin.end('[{"jsonrpc":"2.0","id":2,"method":"ping"}]');
    const code = await new Promise((resolve) => child.on('close', resolve));
    const answers = said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    const brief = answers.map((one) => (Array.isArray(one) ? one : `${one.id} ${one.error.code}`));
    expect(brief.toSorted()).toEqual(
      [
        ...[
          'null -32700',
          'null -32600',
          'null -32600',
          '1 -32601',
          'null -32600',
          'null -32600',
          '3 -32600',
        ],
        'null -32700',
        [{ jsonrpc: '2.0', id: 2, result: {} }],
      ].toSorted(),
    );
  });
});
