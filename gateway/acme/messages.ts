/** Messages of a directory (RFC 8555 §7.1), validated: URLs are https, texts are short. */

import { z } from 'zod';
import { AcmeError } from './error.ts';

const url = z
  .string()
  .max(2_000)
  .regex(/^https:\/\//);
const text = z.string().max(2_000);

export const problemForm = z.object({
  type: text.optional(),
  detail: text.optional(),
  subproblems: z
    .array(z.object({ type: text.optional(), detail: text.optional() }))
    .max(100)
    .optional(),
});
type Problem = z.output<typeof problemForm>;

export const directoryForm = z.object({
  newNonce: url,
  newAccount: url,
  newOrder: url,
  renewalInfo: url.optional(),
  meta: z
    .object({
      termsOfService: text.optional(),
      externalAccountRequired: z.boolean().optional(),
      profiles: z.record(text, text).optional(),
    })
    .optional(),
});
export type Directory = z.output<typeof directoryForm>;

export const orderForm = z.object({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(url).min(1).max(100),
  finalize: url,
  certificate: url.optional(),
  error: problemForm.optional(),
});
export type Order = z.output<typeof orderForm>;

const challengeForm = z.object({
  type: text,
  url,
  status: text,
  token: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
  error: problemForm.optional(),
});

export const authorizationForm = z.object({
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  identifier: z.object({ value: text }),
  challenges: z.array(z.unknown()).max(20),
});
export type Authorization = z.output<typeof authorizationForm>;
export type Challenge = z.output<typeof challengeForm>;

export const renewalForm = z.object({
  suggestedWindow: z.object({ start: text, end: text }),
});

/** @throws AcmeError `garbage` */
export function understood<Form extends z.ZodType>(form: Form, body: string, from: string): z.output<Form> {
  const parsed = form.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') || 'all of it';
  throw new AcmeError('garbage', `${from} answered what is no message of ACME: ${at}`);
}

/** Those of kinds that we don't know are left aside. */
export function challengesOf({ challenges }: Authorization): Challenge[] {
  return challenges.flatMap((one) => challengeForm.safeParse(one).data ?? []);
}

/** @param from the URL that answered it */
export function problemOf(problem: Problem, from: string, retryAfterMs: number | null = null): AcmeError {
  const parts = [problem, ...(problem.subproblems ?? [])].flatMap(({ detail }) => detail ?? []);
  const type = /^urn:ietf:params:acme:error:(\w+)$/.exec(problem.type ?? '')?.[1] ?? 'refused';
  const said = parts.join('; ').replaceAll(/\s+/g, ' ').slice(0, 500);
  return new AcmeError(type, `${from}: ${said || 'no reason given'}`, retryAfterMs);
}

export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
