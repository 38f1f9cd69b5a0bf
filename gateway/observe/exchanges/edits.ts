import { z } from 'zod';
import type { Capture, ReplayEdits } from '../../model/exchanges.ts';
import { agoMs } from './query.ts';

export const EDITS_USAGE =
  'The body is JSON with any of: `method`, `target` (path and query), `fields` (a list of [name, value], in place of all), `body` (text), ' +
  '`confirm` (true for what may change something).';

const edits = z.strictObject({
  method: z.string().max(40).optional(),
  target: z.string().max(16_384).optional(),
  fields: z
    .array(z.tuple([z.string(), z.string()]))
    .max(200)
    .optional(),
  body: z.string().optional(),
  confirm: z.boolean().optional(),
});

/** @returns `null` where it can't be read. */
export function readEdits(body: unknown): ReplayEdits | null {
  const { success, data } = edits.safeParse(body ?? {});
  // JSON drops undefined properties, as the type demands.
  return success ? (JSON.parse(JSON.stringify(data)) as ReplayEdits) : null;
}

export const CAPTURE_USAGE =
  'Say for how long the beginnings of bodies are to be kept: /capture?for=5m, at most 1h; with route=/db of that route alone.';

const CAPTURE_MAX_MS = 3_600_000;

/** @returns `null` where it can't be read. */
export function readCapture(parameters: URLSearchParams, now: number): Capture | null {
  const ms = agoMs(parameters.get('for') ?? '');
  if (ms === null || ms < 1 || ms > CAPTURE_MAX_MS) return null;
  return { route: parameters.get('route'), until: now + ms };
}
