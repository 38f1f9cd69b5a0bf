import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
  readonly body: any;
}

/** A db process with a folder of its own, and JSON in and out of it. */
export interface DatabaseUnderTest extends AsyncDisposable {
  readonly service: ServiceProcess;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export async function startDatabase(): Promise<DatabaseUnderTest> {
  const data = await temporaryFolder();
  const service = await startService('db', { dataDir: data.path });
  return {
    service,
    call: (...request) => callJson(service.url, ...request),
    async [Symbol.asyncDispose]() {
      await service.end('SIGKILL');
      await data[Symbol.asyncDispose]();
    },
  };
}

export async function callJson(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(url + path, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}
