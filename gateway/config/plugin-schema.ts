/** Fastify plugins by name: `use: ["@fastify/helmet"]`, or `use: [{ plugin: ./login.ts, options: {} }]`. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { described } from '../keys/value.ts';
import type { PluginUse } from '../model/config.ts';

const name = z
  .string()
  .min(1)
  .meta({ doc: { expected: 'the name of a Fastify plugin' } });

const pluginForm = z.strictObject({
  plugin: described(name, 'A package, or a module by its path (`./login.ts`), relative to this file.', {
    expected: 'the name of a Fastify plugin',
    type: 'name or path',
  }),
  options: described(
    z.record(z.string(), z.unknown()),
    'What the plugin is registered with; its own documentation says what it may be.',
    { expected: 'a map', type: 'map' },
  ).optional(),
});

export const use = described(
  z
    .array(
      z
        .union([name.transform((plugin): z.output<typeof pluginForm> => ({ plugin })), pluginForm])
        .meta({ doc: { expected: 'the name of a Fastify plugin, or a map with plugin and options' } }),
    )
    .min(1),
  'Fastify plugins whose hooks the exchanges of the route pass, in this order.',
  {
    expected: 'a list of Fastify plugins',
    type: 'list of names, or of maps with `plugin` and `options`',
    also: 'plugin',
  },
).optional();

type CheckedUse = NonNullable<z.output<typeof use>>;

/** @param configuration its file, absolute */
export function compileUse(form: CheckedUse | undefined, configuration: string): PluginUse[] {
  const from = dirname(configuration);
  return (form ?? []).map(({ plugin, options = {} }) => ({
    plugin: plugin.startsWith('.') ? resolve(from, plugin) : plugin,
    from,
    options,
  }));
}
