/** Objects of the Gateway API as a configuration, and services of the tests' own behind them. */
import { startTestGateway, type TestGateway } from './gateway.ts';
import { ok, startService } from './service.ts';

export const V1 = 'gateway.networking.k8s.io/v1';

/** A Service of this port of this machine, with its EndpointSlice. */
export function serviceObjects(
  name: string,
  port: number,
  { namespace = 'infra', appProtocol }: { readonly namespace?: string; readonly appProtocol?: string } = {},
): object[] {
  const ports = [{ port: 8080, name: 'http', ...(appProtocol && { appProtocol }) }];
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports } },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'http', port }],
    },
  ];
}

/** The same of a service that says its name and what it got. */
export async function backend(name: string, namespace = 'infra'): Promise<object[]> {
  const service = await startService();
  service.answer(({ head }) => ok(JSON.stringify({ name, got: head.raw })));
  return serviceObjects(name, service.port, { namespace });
}

export const listener = (more: object = {}) => ({ name: 'http', port: 80, protocol: 'HTTP', ...more });

export function gatewayObject(...listeners: object[]): object {
  const spec = { gatewayClassName: 'portway', listeners: listeners.length > 0 ? listeners : [listener()] };
  return { apiVersion: V1, kind: 'Gateway', metadata: { name: 'same', namespace: 'infra' }, spec };
}

export function route(name: string, spec: object, metadata: object = {}): object {
  const full = { parentRefs: [{ name: 'same', namespace: 'infra' }], ...spec };
  return {
    apiVersion: V1,
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'infra', ...metadata },
    spec: full,
  };
}

export const to = (name: string, more: object = {}) => ({ backendRefs: [{ name, port: 8080, ...more }] });

/** Objects as they come out of kubectl: JSON is YAML. */
export function file(...objects: object[]): string {
  return objects.map((each) => block(each)).join('\n---\n');
}

/** As `kubectl get -o yaml` prints several. */
export function list(...objects: object[]): string {
  const items = objects.map((each) => `- ${block(each).replaceAll('\n', '\n  ')}`);
  return `apiVersion: v1\nitems:\n${items.join('\n')}\nkind: List\nmetadata:\n  resourceVersion: ""\n`;
}

function block(value: object): string {
  return Object.entries(value)
    .map(([key, inner]) => `${key}: ${JSON.stringify(inner)}`)
    .join('\n');
}

export async function serving(...objects: object[]): Promise<TestGateway> {
  return startTestGateway(file(...objects));
}

/** Which service answers: its name, or the status where none does. */
export async function answered(
  gateway: TestGateway,
  target: string,
  ...fields: string[]
): Promise<string | number> {
  const { status, text } = await gateway.get(target, ...fields);
  return status === 200 ? JSON.parse(text).name : status;
}

export const prefix = (value: string) => ({ path: { type: 'PathPrefix', value } });
export const exact = (value: string) => ({ path: { type: 'Exact', value } });
