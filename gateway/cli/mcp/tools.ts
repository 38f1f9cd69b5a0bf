import { z } from 'zod';
import { CATALOG, type ErrorCode } from '../../exchange/error-catalog.ts';
import type { ExchangeList, ExchangeSummary, ExchangeView, MessageList } from '../../model/exchanges.ts';
import type { GatewayStatus, RouteOverview } from '../../model/status.ts';
import type { RunningGateway } from '../running-gateway.ts';
import { type Tool, tool } from './server.ts';

/** The sources of the tools. */
export interface ToolSources {
  /** The gateway that runs with the configuration. @throws UnreachableError */
  gateway(): Promise<RunningGateway>;
  /** The output of `portway explain`. @throws UnreachableError */
  explain(
    method: string,
    url: string,
    fields: readonly (readonly [name: string, value: string])[],
  ): Promise<string>;
  /** The output of `portway check` for a text; `null`: no problems. */
  problemsOf(text: string): Promise<string | null>;
}

const since = z.string().optional().describe('how long ago: 30s, 5m, 2h');
const limit = z.int().min(1).max(100).default(20);
const id = z.string().describe('of an exchange, as `tail` and `failures` say it');

export function toolsOf(sources: ToolSources): readonly Tool[] {
  return [...readingTools(sources), ...trafficTools(sources)];
}

function readingTools({ gateway, explain, problemsOf }: ToolSources): Tool[] {
  return [
    tool({
      name: 'routes',
      title: 'Routes and how they are',
      description:
        'Each route of the running gateway: where it leads, whether its endpoints are up and why not, what was counted, the process behind it.',
      input: z.strictObject({}),
      acts: false,
      call: async () => statusShown(await (await gateway()).read<GatewayStatus>('/status')),
    }),
    tool({
      name: 'explain',
      title: 'Where a request goes',
      description:
        'Which route of the configuration takes a request, why, what its policies say, and what the service will see. Nothing is sent.',
      input: z.strictObject({
        url: z.string().describe('a URL, or a path alone'),
        method: z.string().default('GET'),
        headers: z.record(z.string(), z.string()).default({}),
      }),
      acts: false,
      call: ({ url, method, headers }) => explain(method.toUpperCase(), url, Object.entries(headers)),
    }),
    tool({
      name: 'check',
      title: 'Check a draft of the configuration',
      description:
        'Says all that is wrong with a text for gateway.config.yaml, with lines and how to mend it, its `tests:` included. Nothing is written and nothing is loaded.',
      input: z.strictObject({ yaml: z.string().max(1_000_000) }),
      acts: false,
      call: async ({ yaml }) => (await problemsOf(yaml)) ?? 'no problems',
    }),
    tool({
      name: 'service_logs',
      title: 'What a service wrote',
      description: 'The last lines of a service that `portway dev` runs.',
      input: z.strictObject({ name: z.string(), lines: z.int().min(1).max(200).default(50) }),
      acts: false,
      call: async ({ name, lines }) => {
        const running = await gateway();
        const service = await running.service(name.replace(/^\//, ''));
        const lastOutput: string[] = [];
        for await (const line of running.log(service.name, lines, null)) lastOutput.push(line);
        return { ...service, lastOutput };
      },
    }),
  ];
}

function trafficTools({ gateway }: ToolSources): Tool[] {
  return [
    tool({
      name: 'tail',
      title: 'The newest exchanges',
      description:
        'What went through, newest first. Outside `portway dev` exchanges are kept from the first time that somebody asks.',
      input: z.strictObject({
        route: z.string().optional().describe('its key in the configuration'),
        status: z.string().optional().describe('404, 5xx or failed'),
        text: z.string().optional().describe('anywhere in URL, fields, cause'),
        since,
        limit,
      }),
      acts: false,
      call: async (asked) => (await gateway()).read<ExchangeList>(`/exchanges?${parameters(asked)}`),
    }),
    tool({
      name: 'exchange',
      title: 'One exchange',
      description:
        'Fields of request and answer with secrets masked, each endpoint that was tried with its times, and why its route took it; bodies where they were kept.',
      input: z.strictObject({ id, bodies: z.boolean().default(false) }),
      acts: false,
      call: async ({ id, bodies }) =>
        (await gateway()).read<ExchangeView>(
          `/exchanges/${encodeURIComponent(id)}${bodies ? '?bodies=true' : ''}`,
        ),
    }),
    tool({
      name: 'messages',
      title: 'Messages of WebSockets and event streams',
      description:
        'The newest messages as they passed, newest first, of routes that are looked into: `inspect: true` in `portway dev`, or POST /capture of the admin listener.',
      input: z.strictObject({
        route: z.string().optional(),
        request: z.string().optional().describe('request id of one tunnel or stream'),
        text: z.string().optional(),
        limit,
      }),
      acts: false,
      call: async (asked) => (await gateway()).read<MessageList>(`/messages?${parameters(asked)}`),
    }),
    tool({
      name: 'failures',
      title: 'What fails, and why',
      description:
        'Failed exchanges put together by route and kind, with cause, what to do, and an example; and routes that are not up.',
      input: z.strictObject({ since }),
      acts: false,
      call: async ({ since }) => {
        const running = await gateway();
        const list = await running.read<ExchangeList>(
          `/exchanges?${parameters({ since, status: 'failed', limit: 1_000 })}`,
        );
        const { routes, config } = await running.read<GatewayStatus>('/status');
        const down = routes.filter(({ endpoints }) => endpoints.some(({ state }) => state === 'down'));
        return {
          failures: grouped(list.exchanges),
          notUp: down.map(routeShown),
          configurationRefused: config.rejected,
        };
      },
    }),
  ];
}

/** For `--allow-actions` alone. */
export function actingTools({ gateway }: ToolSources): readonly Tool[] {
  return [
    tool({
      name: 'restart_service',
      title: 'Begin a service anew',
      description: 'Restarts a service that `portway dev` runs; `service_logs` says how it gets on.',
      input: z.strictObject({ name: z.string() }),
      acts: true,
      call: async ({ name }) => {
        const running = await gateway();
        const service = await running.service(name.replace(/^\//, ''));
        await running.restart(service.name);
        return running.service(service.name);
      },
    }),
    tool({
      name: 'drain_endpoint',
      title: 'Drain or admit an endpoint',
      description:
        'Gives an endpoint no new requests, or, with `admit`, requests again. `active` says what it still has under way, `routes` how many others each route has left.',
      input: z.strictObject({
        address: z.string().describe('as `status` has it, or a port of this machine'),
        admit: z.boolean().optional(),
      }),
      acts: true,
      call: async ({ address, admit }) => (await gateway()).drain(address, admit !== true),
    }),
    tool({
      name: 'replay',
      title: 'Send a request again',
      description:
        'Sends a kept request again through the gateway, edited where you say so, and tells both answers and how they differ. `confirm` is needed for what may change something, such as POST.',
      input: z.strictObject({
        id,
        method: z.string().optional(),
        target: z.string().optional().describe('path and query'),
        fields: z
          .array(z.tuple([z.string(), z.string()]))
          .optional()
          .describe('in place of all'),
        body: z.string().optional(),
        confirm: z.boolean().optional(),
      }),
      acts: true,
      call: async ({ id, ...edits }) =>
        (await gateway()).post(`/exchanges/${encodeURIComponent(id)}/replay`, edits),
    }),
  ];
}

function parameters(asked: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(asked).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return String(new URLSearchParams(given));
}

function statusShown({ mode, origin, config, routes, streams, refusedShare }: GatewayStatus): unknown {
  return { mode, origin, config, refusedShare, routes: routes.map(routeShown), streams };
}

function routeShown({
  id,
  line,
  endpoints,
  problems,
  breaker,
  policies,
  lane,
  traffic,
  service,
}: RouteOverview): unknown {
  const counted = traffic && { requests: traffic.requests, failed: traffic.failed, lastAt: traffic.lastAt };
  return { id, line, endpoints, problems, breaker, policies, lane: lane.lane, traffic: counted, service };
}

function grouped(exchanges: readonly ExchangeSummary[]): unknown[] {
  const kinds = Map.groupBy(exchanges, ({ route, code, status, cause }) =>
    JSON.stringify([route, code, status, cause]),
  );
  return Array.from(kinds.values(), (same) => {
    const [{ route, endpoint, code, status, cause, policy, method, target, id, endedAt }] = same as [
      ExchangeSummary,
    ];
    const row = code === null ? null : CATALOG[code as ErrorCode];
    const whatToDo = row?.remedy ?? 'The service answered so: see its log.';
    return {
      times: same.length,
      route,
      endpoint,
      status,
      code,
      cause,
      policy,
      whatToDo,
      newest: { id, method, target, endedAt },
    };
  });
}
