/** Messages that replicas exchange through the Redis. Nothing is assumed about others' messages but that they are text. */

import { z } from 'zod';
import type { ReplicaStatus } from '../model/status.ts';

const number = z.number();

const secretsForm = z.object({
  countKey: z.object({ low: number, high: number }),
  tickets: z.object({ period: z.int().min(0), secret: z.base64().length(44) }),
});

/** By which all replicas call a party the same, and of which they make the keys of session tickets. */
export type Secrets = Readonly<z.output<typeof secretsForm>>;

const origin = z.string().nullable();

const newsForm = z.object({
  from: z.string(),
  purge: z
    .union([
      z.object({ origin, path: z.string(), query: z.string().nullable(), below: z.boolean() }),
      z.object({ origin, group: z.string() }),
    ])
    .optional(),
  /** All current challenges of an authority. */
  challenges: z
    .array(
      z.object({
        type: z.enum(['http-01', 'tls-alpn-01']),
        name: z.string(),
        token: z.string(),
        answer: z.string(),
      }),
    )
    .max(100)
    .readonly()
    .optional(),
});

export type News = Readonly<z.output<typeof newsForm>>;

const replicaForm = z.object({ host: z.string(), workers: z.int().min(1).max(1_000), version: z.string() });

const texts = z.array(z.string());

/** The heartbeat script's answer. */
const beatForm = z.tuple([z.string(), z.string().regex(/^\d+-\d+$/), z.number(), texts, texts]);

/** @throws Error if it is malformed */
export function beatOf(answer: unknown): z.output<typeof beatForm> {
  const { data } = beatForm.safeParse(answer);
  if (data === undefined) throw new Error('its answers are not those of a Redis');
  return data;
}

/** `null`: they are none that could be used. */
export function secretsOf(text: string): Secrets | null {
  return secretsForm.safeParse(jsonOf(text)).data ?? null;
}

/** @param entries ids and texts, alternating */
export function newsOf(entries: readonly string[]): (News & { readonly id: string })[] {
  return pairs(entries).flatMap(([id, text]) => {
    const { data } = newsForm.safeParse(jsonOf(text));
    return data === undefined ? [] : [{ ...data, id }];
  });
}

/** @param entries ids and replicas' messages, alternating */
export function replicasOf(entries: readonly string[], own: string): ReplicaStatus[] {
  const replicas = pairs(entries).flatMap(([id, text]) => {
    const said = replicaForm.safeParse(jsonOf(text.replace(/^\d+ /, ''))).data;
    return said === undefined ? [] : [{ ...said, own: id === own }];
  });
  return replicas.sort((a, b) => a.host.localeCompare(b.host));
}

function pairs(entries: readonly string[]): (readonly [string, string])[] {
  return Array.from(
    { length: entries.length >> 1 },
    (_, at) => [entries[at * 2]!, entries[at * 2 + 1]!] as const,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
