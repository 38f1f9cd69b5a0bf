/**
 * The commands of `portway`: one table for the parser, the help and the completion of shells. The code of a command is loaded when it is
 * run: `--version` and `check` do without the code that serves requests.
 */

import { type Command, configOption, pipedConfigOption } from './command.ts';
import { announceOption, drainOption } from './stop-options.ts';

export const COMMANDS: readonly Command[] = [
  {
    name: 'dev',
    summary: 'run the gateway and every service of the configuration',
    operands: '',
    options: [configOption, drainOption('10s, after Ctrl-C 3s')],
    notes: [
      'This is what `npm start` runs. Each of `services:` is a process of its own on its',
      'own port; one that dies is started again. Save the configuration and it takes',
      'effect. Ctrl-C stops everything, a second one at once.',
    ].join('\n'),
    load: async () => (await import('./dev.ts')).dev,
  },
  {
    name: 'start',
    summary: 'run the gateway alone, for production',
    operands: '',
    options: [configOption, drainOption('10s'), announceOption],
    notes: [
      'The log goes to standard output: JSON lines, or text on a terminal. The file is',
      'watched; SIGHUP reads it again. SIGTERM and Ctrl-C drain: no new connections,',
      'what is under way may finish. A second Ctrl-C ends it at once. With `workers:` in the',
      'configuration, SIGUSR2 puts new processes into the places of the workers, one by one.',
    ].join('\n'),
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'check',
    summary: 'say whether a configuration is usable, and what is wrong with it',
    operands: '[FILE]',
    options: [
      pipedConfigOption,
      { name: 'watch', short: 'w', help: 'again at each change of the file and its modules, until Ctrl-C' },
      { name: 'json', help: 'the problems as data, for editors and CI' },
    ],
    notes:
      'Nothing is started, and no address is asked for; modules that `extend:` names are loaded.\nFILE may be - for standard input. Exit code 1 where there is a problem.',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'explain',
    summary: 'say where a request goes, and why',
    operands: '[METHOD] URL',
    options: [
      pipedConfigOption,
      {
        name: 'header',
        short: 'H',
        value: "'NAME: VALUE'",
        repeatable: true,
        help: 'a header of the request',
      },
      { name: 'referer', value: 'URL', help: 'the page that sends it: short for a header' },
      { name: 'from', value: 'ADDRESS', help: 'where it comes from; default 127.0.0.1' },
      { name: 'production', help: 'as `portway start` would answer, not `portway dev`' },
      { name: 'json', help: 'the explanation as data' },
    ],
    notes: [
      'The URL may be a path alone. Nothing is sent: the answer is what the file says.',
      'Exit code 1 where no route takes the request, or a policy answers it with an error.',
      '',
      '  portway explain http://localhost:3000/db/users?x=1',
      "  portway explain POST /db/users --header 'x-tenant: blue'",
    ].join('\n'),
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'trust',
    summary: 'make browsers here accept the certificates of `tls: dev`',
    operands: '',
    options: [],
    notes: [
      'The authority of this machine is made where there is none, and added to the certificates of the',
      'system and of Chromium and Firefox. Its key never leaves its folder. Exit code 1 where something',
      'is left for you to do.',
    ].join('\n'),
    load: async () => (await import('./trust.ts')).trust,
  },
  {
    name: 'untrust',
    summary: 'take that back',
    operands: '',
    options: [],
    notes: 'The authority stays in its folder, and `tls: dev` goes on with it; nobody trusts it.',
    load: async () => (await import('./trust.ts')).untrust,
  },
  {
    name: 'passwd',
    summary: 'make a line of a file of users, or of keys, for `auth:`',
    operands: 'FILE NAME',
    options: [{ name: 'key', help: 'a key for a program, which is printed this once' }],
    notes: [
      'The password is asked for, or read from standard input; the file has its hash (scrypt). A gateway',
      'that uses the file takes the change over by itself.',
      '',
      '  portway passwd users.txt alice',
      '  portway passwd --key keys.txt ci',
    ].join('\n'),
    load: async () => (await import('./passwd.ts')).passwd,
  },
  {
    name: 'init',
    summary: 'write a first configuration, from what runs and lies here',
    operands: '',
    options: [
      { name: 'dry-run', help: 'print it, and write nothing' },
      { name: 'no-scan', help: 'take what the files here say, and ask no port of this machine' },
    ],
    notes: [
      'It looks at what listens on this machine and speaks HTTP, at package.json and its',
      'workspaces, Procfile and docker-compose.yml. A file that is there stays as it is.',
    ].join('\n'),
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'doctor',
    summary: 'hold the map against this machine: dead ports, wrong protocols',
    operands: '',
    options: [pipedConfigOption, { name: 'json', help: 'the findings as data' }],
    notes: [
      'Each address of the map is asked once for `/`. What is wrong, where, and what to do;',
      'exit code 1 where something is.',
    ].join('\n'),
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'record',
    summary: 'make `tests:` from the log of traffic',
    operands: '',
    options: [
      configOption,
      { name: 'per-route', value: 'NUMBER', help: 'how many lines for each route and method (default: 3)' },
    ],
    notes: [
      'It reads the JSON log of a gateway from its standard input, to its end or to Ctrl-C, and prints',
      'lines that the configuration keeps today, without queries.',
      '',
      '  docker-compose logs --no-log-prefix -f gateway | portway record >> tests.yaml',
    ].join('\n'),
    load: async () => (await import('./record.ts')).record,
  },
  {
    name: 'convert',
    summary: 'print a configuration as Gateway API objects, or back',
    operands: '[FILE]',
    options: [pipedConfigOption],
    notes: [
      'What a file of HTTPRoute, Gateway and ReferenceGrant says is printed as a gateway.config.yaml,',
      'and the other way round. What the other form has no words for is named on standard error.',
    ].join('\n'),
    load: async () => (await import('./convert.ts')).convert,
  },
  {
    name: 'restart',
    summary: 'begin a service of the running `portway dev` anew',
    operands: 'NAME',
    options: [configOption],
    notes: [
      'It asks the admin listener of the gateway that runs here with this configuration, and',
      'waits until the service is ready. Exit code 1 where it is not, with its last lines.',
    ].join('\n'),
    load: async () => (await import('./services.ts')).restart,
  },
  {
    name: 'logs',
    summary: 'show what a service of the running `portway dev` wrote',
    operands: 'NAME',
    options: [
      configOption,
      { name: 'follow', short: 'f', help: 'and what it goes on to write, until Ctrl-C' },
      { name: 'tail', short: 'n', value: 'LINES', help: 'how many lines (default: 20, at most 200)' },
    ],
    notes: 'Its restarts are followed, too.',
    load: async () => (await import('./services.ts')).logs,
  },
  {
    name: 'drain',
    summary: 'give an endpoint of the gateway that runs here no new requests',
    operands: 'ADDRESS',
    options: [
      configOption,
      { name: 'wait', value: 'DURATION', help: 'for what it has under way to end (default: 30s)' },
    ],
    notes: [
      'It waits until what the endpoint has under way is over: exit code 1 where that is not so in time.',
      'The mark holds, whatever reloads do, until `portway admit`, or the gateway ends.',
      '',
      '  portway drain 3001 && ./deploy && portway admit 3001',
    ].join('\n'),
    load: async () => (await import('./drain.ts')).drain,
  },
  {
    name: 'admit',
    summary: 'give a drained endpoint requests again',
    operands: 'ADDRESS',
    options: [configOption],
    notes:
      'The address as `portway drain` took it: a port of this machine, or as /routes of the admin listener has it.',
    load: async () => (await import('./drain.ts')).admit,
  },
  {
    name: 'purge',
    summary: 'make the caches of the gateway that runs here forget',
    operands: '[URL]',
    options: [
      configOption,
      { name: 'prefix', value: 'PATH', help: 'that path and all that lies below it' },
      { name: 'group', value: 'NAME', help: 'what its service put into that group, or tagged so' },
      { name: 'tag', value: 'NAME', help: 'the same' },
      { name: 'all', help: 'everything' },
    ],
    notes: [
      'A URL means itself with its query, a path in its place that path on any host.',
      '',
      '  portway purge http://localhost:3000/images/a.png?w=100',
      '  portway purge --prefix /images',
      '  portway purge --tag product-7',
    ].join('\n'),
    load: async () => (await import('./purge.ts')).purge,
  },
  {
    name: 'tail',
    summary: 'show what goes through the gateway that runs here',
    operands: '',
    options: [
      configOption,
      { name: 'follow', short: 'f', help: 'go on with what comes, until Ctrl-C' },
      { name: 'lines', short: 'n', value: 'NUMBER', help: 'how many finished ones (default: 20)' },
      { name: 'route', value: 'KEY', help: 'of this route of the configuration' },
      { name: 'status', value: 'CODE', help: 'with this status: 404, 5xx, or failed' },
      { name: 'since', value: 'TIME', help: 'since then: 30s, 5m, 2h, 2026-11-29T08:00:00Z' },
      { name: 'user', value: 'NAME', help: 'of this user' },
      { name: 'method', value: 'METHOD', help: 'with this method' },
      { name: 'text', value: 'TEXT', help: 'with this anywhere in URL, fields or cause' },
      { name: 'json', help: 'a line of JSON for each' },
    ],
    notes: [
      'It asks the admin listener. Outside `portway dev` exchanges are kept from the first time that',
      'somebody asks. The last column is the id, for /exchanges/ID of the admin listener.',
      '',
      '  portway tail -f --status failed',
    ].join('\n'),
    load: async () => (await import('./tail.ts')).tail,
  },
  {
    name: 'mcp',
    summary: 'let an agent ask this gateway (Model Context Protocol, stdio)',
    operands: '',
    options: [
      configOption,
      { name: 'allow-actions', help: 'it may restart services and send requests again, too' },
    ],
    notes: [
      'For programs that speak the Model Context Protocol: they start it, and speak over its standard',
      'input and output. It only reads, unless it is allowed to act.',
      '',
      '  claude mcp add portway -- npx portway mcp',
    ].join('\n'),
    load: async () => (await import('./mcp/mcp.ts')).mcp,
  },
  {
    name: 'completion',
    summary: 'print a script that completes commands and options in your shell',
    operands: 'bash|zsh|fish',
    options: [],
    notes: [
      '  bash: source <(portway completion bash)',
      '  zsh:  source <(portway completion zsh)',
      '  fish: portway completion fish | source',
    ].join('\n'),
    load: async () => (await import('./completion.ts')).completion(COMMANDS),
  },
];

/** The process of a worker, forked by a primary (`workers:`). Not in the help, since nobody else can start it. */
export const WORKER: Command = {
  name: 'worker',
  summary: 'one of the workers of `portway start`',
  operands: '',
  options: [configOption],
  notes: 'It is started by `portway start` and `portway dev` where the configuration says `workers:`.',
  load: async () => (await import('./worker.ts')).worker,
};
