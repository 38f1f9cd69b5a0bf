import { resolve } from 'node:path';
import { loadContent } from '../../config/load.ts';
import { formatProblems } from '../../config/problem.ts';
import { contentOf } from '../../files/content.ts';
import { withoutWantedSecrets } from '../../observe/shown-explanation.ts';
import { explainExchange } from '../../proxy/explain.ts';
import { formatExplanation } from '../../route/explain-text.ts';
import { routeTableOf } from '../../route/table.ts';
import { type CommandContext, optionValue, type RunCommand } from '../command.ts';
import { defaultFile, defaultsIn, type Loaded, loadWithContainers } from '../configuration.ts';
import { packageVersion } from '../package-version.ts';
import { RunningGateway, UnreachableError } from '../running-gateway.ts';
import { serveRpc } from './json-rpc.ts';
import { mcpServer } from './server.ts';
import { actingTools, type ToolSources, toolsOf } from './tools.ts';

/** `portway mcp`: a door for agents, over standard input and output. */
export const mcp: RunCommand = async (input, context) => {
  const sources = sourcesOf(optionValue(input, 'config'), context);
  const acting = input.values.has('allow-actions') ? actingTools(sources) : [];
  const tools = [...toolsOf(sources), ...acting];
  await serveRpc(context.stdin(), context.stdout, mcpServer(tools, packageVersion()));
  return 0;
};

function sourcesOf(named: string | undefined, context: CommandContext): ToolSources {
  // Read anew for each question: the file may have changed.
  const loaded = () => loadOrSay(named, context);
  return {
    gateway: async () => RunningGateway.serving((await loaded()).config, context.env),
    explain: async (method, target, headers) => {
      const { config, file } = await loaded();
      const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? `localhost:${config.port}`;
      const table = routeTableOf(config, 'development');
      const asked = {
        method,
        target,
        host,
        file,
        headers: headers.filter(([name]) => name.toLowerCase() !== 'host'),
      };
      const explanation = withoutWantedSecrets(explainExchange(table, config, asked));
      return formatExplanation(explanation, { colour: false });
    },
    problemsOf: async (text) => {
      const file = resolve(context.cwd, named ?? defaultsIn(context.cwd)[0] ?? defaultFile);
      const draft = `${file.replace(/\.[^./]*$/, '')}.yaml`;
      const verdict = await loadContent(contentOf(Buffer.from(text)), draft, context.env);
      return verdict.ok ? null : formatProblems(verdict.problems);
    },
  };
}

/** Standard output belongs to the protocol, so problems of the file are in the answer. @throws UnreachableError */
async function loadOrSay(named: string | undefined, context: CommandContext): Promise<Loaded> {
  let written = '';
  const loaded = await loadWithContainers(named, context, { write: (text) => (written += text) });
  if (loaded === null) throw new UnreachableError(`The configuration can't be used:\n${written}`);
  return loaded;
}
