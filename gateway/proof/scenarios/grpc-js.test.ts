import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';

const { yaml: TLS, files: FILES } = SHOP_TLS;

const asBytes = (text: string) => Buffer.from(text);
const asText = (bytes: Buffer) => bytes.toString();

function method(name: string, requestStream: boolean, responseStream: boolean) {
  const path = `/shop.Cart/${name}`;
  const [requestSerialize, responseSerialize] = [asBytes, asBytes];
  const [requestDeserialize, responseDeserialize] = [asText, asText];
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize,
    requestDeserialize,
    responseSerialize,
    responseDeserialize,
  };
}

const CART: ServiceDefinition = {
  get: method('Get', false, false),
  list: method('List', false, true),
  fill: method('Fill', true, false),
  talk: method('Talk', true, true),
  wait: method('Wait', false, false),
};

/** A real service, whose calls of Wait are never answered. */
async function startCart(): Promise<{ port: number; cancelled: number }> {
  const cart = { port: 0, cancelled: 0 };
  const get: handleUnaryCall<string, string> = (call, callback) => {
    if (call.request === 'none') callback({ code: status.NOT_FOUND, details: 'no such cart' });
    else callback(null, `cart ${call.request}`);
  };
  const list: handleServerStreamingCall<string, string> = (call) => {
    for (const name of ['a', 'b', 'c']) call.write(`${call.request} ${name}`);
    call.end();
  };
  const fill: handleClientStreamingCall<string, string> = (call, callback) => {
    const got: string[] = [];
    call.on('data', (text: string) => got.push(text)).on('end', () => callback(null, got.join('+')));
  };
  const talk: handleBidiStreamingCall<string, string> = (call) => {
    call.on('data', (text: string) => call.write(`you said ${text}`)).on('end', () => call.end());
  };
  const wait: handleUnaryCall<string, string> = (call) => {
    call.on('cancelled', () => cart.cancelled++);
  };
  const server = new Server();
  server.addService(CART, { get, list, fill, talk, wait });
  cart.port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return cart;
}

async function clientOf(how: 'h2c' | 'TLS', servicePort: number): Promise<Client> {
  const yaml = `routes: { /shop.Cart: { to: "h2c://127.0.0.1:${servicePort}", strip: false } }\n`;
  const gateway = await startTestGateway(how === 'TLS' ? TLS + yaml : yaml, { files: FILES });
  const trusted =
    how === 'TLS' ? credentials.createSsl(Buffer.from(FILES['shop.crt'])) : credentials.createInsecure();
  const client = new Client(`127.0.0.1:${gateway.port}`, trusted, {
    'grpc.ssl_target_name_override': 'shop.test',
    'grpc.default_authority': 'shop.test',
    // Not even where the machine says HTTP_PROXY.
    'grpc.enable_http_proxy': 0,
  });
  onTestFinished(() => client.close());
  return client;
}

interface Outcome {
  readonly error: ServiceError | null;
  readonly answer: string | undefined;
}

interface Call {
  readonly cancel: () => void;
  readonly outcome: Promise<Outcome>;
}

function ask(client: Client, name: string, text: string, deadlineMs = 30_000): Call {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const deadline = Date.now() + deadlineMs;
  const path = `/shop.Cart/${name}`;
  const call = client.makeUnaryRequest(path, asBytes, asText, text, { deadline }, (error, answer) =>
    resolve({ error, answer }),
  );
  return { cancel: () => call.cancel(), outcome: promise };
}

async function all(stream: AsyncIterable<string>): Promise<string[]> {
  const got: string[] = [];
  for await (const text of stream) got.push(text);
  return got;
}

describe.each(['h2c', 'TLS'] as const)('a client of @grpc/grpc-js by %s, and a service of it', (how) => {
  test('have all four kinds of calls', async () => {
    const client = await clientOf(how, (await startCart()).port);
    expect((await ask(client, 'Get', '7').outcome).answer).toBe('cart 7');

    const seen = await all(client.makeServerStreamRequest('/shop.Cart/List', asBytes, asText, '7'));
    expect(seen).toEqual(['7 a', '7 b', '7 c']);

    const filled = Promise.withResolvers<string | undefined>();
    const filling = client.makeClientStreamRequest('/shop.Cart/Fill', asBytes, asText, (error, answer) =>
      error ? filled.reject(error) : filled.resolve(answer),
    );
    for (const text of ['x', 'y', 'z'.repeat(300_000)]) filling.write(text);
    filling.end();
    expect(await filled.promise).toBe(`x+y+${'z'.repeat(300_000)}`);

    const talk = client.makeBidiStreamRequest('/shop.Cart/Talk', asBytes, asText);
    const heard: string[] = [];
    talk.write('0');
    // Each word waits for the answer to the one before it: neither side may be held until the other has ended.
    for await (const text of talk) {
      heard.push(text);
      if (heard.length < 3) talk.write(String(heard.length));
      else talk.end();
    }
    expect(heard).toEqual(['you said 0', 'you said 1', 'you said 2']);
  });

  test('have the status and the words of an error', async () => {
    const client = await clientOf(how, (await startCart()).port);
    const { error } = await ask(client, 'Get', 'none').outcome;
    expect([error?.code, error?.details]).toEqual([status.NOT_FOUND, 'no such cart']);
  });

  test('a deadline and a cancel reach the service', async () => {
    const cart = await startCart();
    const client = await clientOf(how, cart.port);
    const late = await ask(client, 'Wait', '7', 300).outcome;
    expect(late.error?.code).toBe(status.DEADLINE_EXCEEDED);
    await until('the service is told of the deadline', () => cart.cancelled === 1);

    const call = ask(client, 'Wait', '7');
    expect((await ask(client, 'Get', '7').outcome).answer).toBe('cart 7');
    call.cancel();
    expect((await call.outcome).error?.code).toBe(status.CANCELLED);
    await until('the service is told of the cancel', () => cart.cancelled === 2);
    expect((await ask(client, 'Get', '8').outcome).answer).toBe('cart 8');
  });

  test('a dead service is UNAVAILABLE', async () => {
    const client = await clientOf(how, 1);
    const { error } = await ask(client, 'Get', '7').outcome;
    const seen = [error?.code, error?.details];
    expect(seen).toEqual([status.UNAVAILABLE, expect.stringContaining('connection_refused')]);
  });
});
