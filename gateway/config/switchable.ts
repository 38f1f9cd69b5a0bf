/** Settings that may be switched on and off, or set one by one. */

import { z } from 'zod';
import { flag } from './value.ts';

/** `null`: off. An empty map: on, with whatever holds by default. @param name also of its section in the reference */
export function switchable<Form extends z.ZodObject>(form: Form, name: string) {
  const keys = Object.keys(form.shape).join(', ');
  return z.union([flag.transform((on): Partial<z.output<Form>> | null => (on ? {} : null)), form]).meta({
    doc: {
      type: `\`on\`, \`off\`, or a map, see [${name}](#${name})`,
      expected: `on, off, or a map with ${keys}`,
    },
  });
}
