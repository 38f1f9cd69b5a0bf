/** Schema of a process in `services:`. */

import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { described, oneOrMore, parsedBy, path, port, text } from '../keys/value.ts';

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const commandLine = z
  .string()
  .regex(/\S/)
  .meta({ doc: { expected: 'a command line', type: 'command line' } });

const watched = parsedBy(z.string().min(1), watchedFiles, {
  expected: 'a folder or a pattern such as src/**/*.ts',
});

/** How a process is run; a route with its own process has these keys, too. */
export const processShape = {
  cwd: described(path('the path of a folder'), 'The folder that it runs in, relative to this file.', {
    defaultText: "this file's folder",
    also: 'dir directory workingdir',
  }).optional(),
  env: described(
    z.record(parsedBy(z.string(), variableName, { expected: 'the name of a variable' }), text),
    'Environment variables, beside those of the gateway.',
    { expected: 'a map of variables', type: 'map of names to text', also: 'environment' },
  ).optional(),
  watch: described(
    oneOrMore(watched),
    'Files whose change restarts it: folders and patterns (`src`, `lib/**/*.py`), relative to `cwd`. `node_modules` and what begins with a dot are left out.',
    {
      expected: 'a folder or a pattern, or a list of them',
      type: 'path, pattern, or list of both',
      also: 'watchpath watchfiles reloadon',
    },
  ).optional(),
};

export const serviceForm = z
  .strictObject({
    run: described(commandLine, 'A command line, run by the shell.', {
      defaultText: '**required**',
      also: 'command cmd exec',
    }),
    port: described(
      z.union([port, z.literal('auto')]).meta({ doc: { expected: 'a port from 1 to 65535, or auto' } }),
      'The port that it listens on: it is given to the process as `PORT`, and waited for. `auto`: one that is free; routes lead there by `service:NAME`.',
      { type: 'port, `auto`' },
    ).optional(),
    ...processShape,
  })
  .meta({ id: 'service', doc: { expected: 'a map with the key "run"', holder: 'a service' } });

export const serviceValue = z
  .union([commandLine.transform((run) => ({ run })), serviceForm])
  .meta({ doc: { expected: 'a command line, or a map with the key "run"' } });

function watchedFiles(pattern: string): ParseResult<string> {
  if (pattern.startsWith('/') || pattern.split('/').includes('..'))
    return refused('below the folder of the process: src, or src/**/*.ts');
  return accepted(pattern.replace(/^\.\/|\/$/g, ''));
}

function variableName(name: string) {
  return VARIABLE_NAME.test(name)
    ? accepted(name)
    : refused('letters, digits and _ , not beginning with a digit');
}

export type CheckedService = z.output<typeof serviceForm>;
