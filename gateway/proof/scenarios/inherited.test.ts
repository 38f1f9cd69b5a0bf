import { expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { keysFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

test('what protects all routes protects each of them, however it is written', async () => {
  const { port } = (await startService()).answer(ok('x'));
  const yaml = `
auth: { keys: keys.txt }
rateLimit: { rate: 3/h }
bodyMax: 1B
headers: { answer: { set: { X-Top: all } } }
routes:
  /short: ${port}
  /list: [${port}]
  /long: &long { to: ${port} }
  /merged: { <<: *long, strip: false }
  /choice: [{ to: ${port}, when: { headers: { x-b: "1" } } }, { to: ${port}, headers: { answer: { set: { X-Own: one } } } }]
  /exact: { to: ${port}, exact: true }
  /cached: { to: ${port}, cache: on }
  /extended: { to: ${port}, extend: ./extension.ts }
  shop.test/host: ${port}
  "*.wild.test": ${port}
  /open: { to: ${port}, auth: off, rateLimit: off, bodyMax: unlimited, headers: off }
  /open/below: ${port}
`;
  const files = { 'keys.txt': keysFile({ ci: 'pw_one' }), ...routeKinds[1]!.files };
  const gateway = await startTestGateway(yaml, { files });
  const hostOf: Readonly<Record<string, string>> = { '/host': 'shop.test', '/wild': 'a.wild.test' };
  const outcome = async (path: string) => {
    const host = hostOf[path] ?? 'a';
    const post = (field: string) =>
      gateway.exchange(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${field}\r\nContent-Length: 2\r\n\r\nxx`);
    const client = await gateway.connect();
    await client.send(handshake(path).replace(/Host: [^\r]*/, `Host: ${host}`));
    const upgrade = await client.head();
    client.destroy();
    const answers = [await post('X-A: 1'), await post('X-API-Key: pw_one'), await post('X-API-Key: pw_one')];
    const top = [upgrade, ...answers.map(({ head }) => head)].map((head) => head.value('x-top') ?? 'none');
    return `${path} ${upgrade.startLine.split(' ')[1]} ${answers.map(({ status }) => status).join(' ')} ${[...new Set(top)]}`;
  };
  for (const path of '/short /list /long /merged /choice /exact /cached /extended /host /wild /open/below'.split(
    ' ',
  ))
    expect(await outcome(path)).toBe(`${path} 401 401 413 429 all`);
  expect(await outcome('/open')).toBe('/open 200 200 200 200 none');
});
