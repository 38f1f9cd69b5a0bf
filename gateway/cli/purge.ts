/** `portway purge`: the caches of the gateway that runs here forget. */

import { type CommandInput, optionValue, type RunCommand, UsageError } from './command.ts';
import { RunningGateway, withRunningGateway } from './running-gateway.ts';

export const purge: RunCommand = (input, context) => {
  const query = queryOf(input);
  return withRunningGateway(input, context, RunningGateway.serving, async (gateway) => {
    const { purged, cachedRoutes } = await gateway.purge(query);
    const none = cachedRoutes === 0 ? ': no route has a cache (`cache: true` gives it one)' : '';
    context.stdout.write(`${purged} ${purged === 1 ? 'URL is' : 'URLs are'} forgotten${none}\n`);
    return 0;
  });
};

/** As the admin listener takes it. @throws UsageError */
function queryOf(input: CommandInput): string {
  const [url] = input.operands;
  const prefix = input.values.has('all') ? '/' : undefined;
  const wanted = Object.entries({
    url,
    prefix: optionValue(input, 'prefix') ?? prefix,
    group: optionValue(input, 'group') ?? optionValue(input, 'tag'),
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const given = ['prefix', 'group', 'tag', 'all'].filter((name) => input.values.has(name));
  if (wanted.length !== 1 || given.length + input.operands.length > 1)
    throw new UsageError('what is to be forgotten? One of: URL, --prefix PATH, --group NAME, --all');
  const [[name, value]] = wanted as [[string, string]];
  if (name !== 'group' && !/^(\/|https?:\/\/)/i.test(value))
    throw new UsageError(`"${value}" is no path and no URL: did you mean /${value}?`);
  return String(new URLSearchParams(wanted)).replaceAll('+', '%20');
}
