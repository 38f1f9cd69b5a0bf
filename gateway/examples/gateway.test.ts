import { createServer } from 'node:http';
import { defineConfig, type Gateway, startGateway } from 'portway';
import { afterAll, beforeAll, expect, test } from 'vitest';

const service = createServer((request, response) => response.end(`you asked for ${request.url}`));
let gateway: Gateway;

beforeAll(async () => {
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = service.address() as { port: number };
  const config = defineConfig({ routes: { '/db': address.port } });
  gateway = await startGateway({ config, port: 0 });
});

afterAll(async () => {
  await gateway.close();
  service.close();
});

test('the service sees paths without the prefix', async () => {
  const response = await fetch(`${gateway.url}/db/users?x=1`);
  expect(await response.text()).toBe('you asked for /users?x=1');
});
