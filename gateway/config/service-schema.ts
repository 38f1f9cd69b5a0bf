/** The part of the schema that says what a process of `services:` may have. */

import { z } from 'zod';
import { accepted, refused } from '../keys/parsed.ts';
import { described, parsedBy, port, text } from '../keys/value.ts';

const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const commandLine = z
  .string()
  .regex(/\S/)
  .meta({ doc: { expected: 'a command line', type: 'command line' } });

export const serviceForm = z
  .strictObject({
    run: described(commandLine, 'A command line, run by the shell.', {
      defaultText: '**required**',
      also: ['command', 'cmd', 'exec'],
    }),
    port: described(
      port,
      'The port that it listens on: it is given to the process as `PORT`, and waited for.',
      {
        defaultText: 'none',
      },
    ).optional(),
    cwd: described(z.string().min(1), 'The folder that it runs in, relative to this file.', {
      expected: 'the path of a folder',
      type: 'path',
      defaultText: "this file's folder",
      also: ['dir', 'directory', 'workingdir'],
    }).optional(),
    env: described(
      z.record(
        parsedBy(z.string(), variableName).meta({ doc: { expected: 'the name of a variable' } }),
        text,
      ),
      'Environment variables, beside those of the gateway.',
      {
        expected: 'a map of variables',
        type: 'map of names to text',
        defaultText: 'none',
        also: ['environment'],
      },
    ).optional(),
  })
  .meta({ id: 'service', doc: { expected: 'a map with the key "run"', holder: 'a service' } });

export const serviceValue = z
  .union([commandLine.transform((run) => ({ run })), serviceForm])
  .meta({ doc: { expected: 'a command line, or a map with the key "run"' } });

export function serviceName(name: string) {
  if (SERVICE_NAME.test(name)) return accepted(name);
  return refused('letters, digits, - _ and . , at most 63, beginning with a letter or a digit');
}

function variableName(name: string) {
  return VARIABLE_NAME.test(name)
    ? accepted(name)
    : refused('letters, digits and _ , not beginning with a digit');
}

export type CheckedService = z.output<typeof serviceForm>;
