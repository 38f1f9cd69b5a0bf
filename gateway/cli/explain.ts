import { isIP } from 'node:net';
import { METHODS } from '../exchange/node-http.ts';
import { wantsColour } from '../log/paint.ts';
import { explainExchange } from '../proxy/explain.ts';
import { formatExplanation } from '../route/explain-text.ts';
import type { ExplainInput, Explanation } from '../route/explanation.ts';
import { routeTableOf } from '../route/table.ts';
import { type CommandInput, optionValue, type RunCommand, UsageError } from './command.ts';
import { loadWithContainers } from './configuration.ts';

type HeaderLine = readonly [name: string, value: string];

export const explain: RunCommand = async (input, context) => {
  const request = readRequest(input);
  const loaded = await loadWithContainers(optionValue(input, 'config'), context);
  if (loaded === null) return 1;
  const { config, file } = loaded;
  const host = hostOf(request.headers) ?? `localhost:${config.port}`;
  const table = routeTableOf(config, input.values.has('production') ? 'production' : 'development');
  const explanation = explainExchange(table, config, { ...request, host, file });
  const colour = wantsColour(context.stdout.isTTY === true, context.env);
  context.stdout.write(
    input.values.has('json')
      ? `${JSON.stringify(explanation, null, 2)}\n`
      : formatExplanation(explanation, { colour }),
  );
  return isTaken(explanation) ? 0 : 1;
};

interface AskedRequest extends Pick<ExplainInput, 'method' | 'target' | 'from'> {
  readonly headers: readonly HeaderLine[];
}

/** @throws UsageError */
function readRequest(input: CommandInput): AskedRequest {
  const { operands } = input;
  const [method, url] = operands.length > 1 ? operands : ['GET', operands[0]];
  if (method === undefined || url === undefined) throw new UsageError('explain what? Name a URL or a path');
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method))
    throw new UsageError(`"${method}" is no method: first the method, then the URL`);
  if (operands.length === 1 && METHODS.includes(url))
    throw new UsageError(`explain ${url} of what? Name a URL or a path`);
  const referer = optionValue(input, 'referer');
  const headers = [
    ...(referer === undefined ? [] : [['Referer', referer] as const]),
    ...(input.values.get('header') ?? []).map(readHeader),
  ];
  const from = optionValue(input, 'from');
  if (from !== undefined && !isIP(from)) throw new UsageError(`--from expects an IP address, got "${from}"`);
  const asked = { method: methodOf(method), target: withoutFragment(url), headers };
  return from === undefined ? asked : { ...asked, from };
}

/** Methods are case-sensitive (RFC 9110 §9.1), but a user who types `get` means GET. */
function methodOf(text: string): string {
  const upper = text.toUpperCase();
  return METHODS.includes(upper) ? upper : text;
}

/** No client sends a fragment (RFC 9110 §4.2.5), but people copy it from the address bar. */
function withoutFragment(url: string): string {
  const [target = ''] = url.split('#', 1);
  return target;
}

/** @throws UsageError */
function readHeader(text: string): HeaderLine {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--header expects 'name: value', got "${text}"`);
  }
  return [name, value];
}

function hostOf(headers: readonly HeaderLine[]): string | null {
  return headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? null;
}

function isTaken({ verdict }: Explanation): boolean {
  if (verdict.kind === 'policy') return verdict.status < 400;
  return ['forwarded', 'redirected', 'redirect', 'led-back', 'led-to-name', 'own-answer'].includes(
    verdict.kind,
  );
}
