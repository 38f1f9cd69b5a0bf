import type { z } from 'zod';
import type { Downstream, Fields } from '../exchange/contract.ts';
import type { LocalAnswer, RoutedExchange, RoutedHead } from '../fields/exchange.ts';
import type { PARTS } from '../fields/request-facts.ts';
import type { InheritedRow } from '../keys/inherited.ts';
import type { Refused } from '../keys/parse-result.ts';
import type { RequestTarget } from '../route/target.ts';
import type { CodedHeads } from './compress/coded-head.ts';
import type { KeptStates } from './kept.ts';

/** The gateway, as policies see it. */
export interface PolicyContext {
  /** Under which it stands in `Via`. */
  readonly pseudonym: string;
}

export type RequestPart = keyof typeof PARTS;

/** Something that is done to exchanges on their way, of one folder. */
export interface Policy {
  readonly name: string;
  /** Its effect, for the reference. */
  readonly does: string;
  /** Its key of the configuration; `null`: it has none, and is on every route. */
  readonly key: PolicyKey | null;
  /** The policy for a route with these settings; `null`: no effect, and no cost. */
  bind(settings: unknown): BoundPolicy | null;
}

interface PolicyKey {
  readonly key: string;
  /** Its `name` is the key's own. */
  readonly row: InheritedRow<z.ZodType, string, unknown>;
  /** Its maps of keys, by their headings in the reference. */
  readonly forms: Forms;
  /** The settings without private ones, for the admin listener. */
  shown(settings: unknown): unknown;
  /** Faults of the settings that only the disk shows. */
  readonly faults: ((settings: unknown) => Promise<readonly PolicyFault[]>) | null;
}

export interface PolicyFault extends Required<Omit<Refused, 'ok'>> {
  /** Below its key. */
  readonly path: readonly (string | number)[];
}

/** A policy lacks something that it needs, so the configuration can't be applied. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

type Forms = Readonly<Record<string, z.ZodType>>;

/** Lets an exchange pass (`null`), or answers it in the service's place. */
export type Verdict = LocalAnswer | null;

/** Changes the header fields of a message. */
export type FieldsHook = (fields: Fields, exchange: RoutedHead) => Fields;

/** Changes the head of an answer; for a repeated answer, once for each text of `dependsOn`. */
export interface AnswerHook {
  readonly edit: FieldsHook;
  /** The part of the exchange it depends on, beside fields and settings; `null`: none. */
  readonly dependsOn: ((exchange: RoutedHead) => string) | null;
}

/**
 * @returns a filter in front of the client (exchange/downstream-filter.ts), or the client itself: head, body and end of the answer pass it
 */
export type ClientHook = (client: Downstream, exchange: RoutedExchange) => Downstream;

/** A request that somebody asks about: nothing of it is counted. */
export type AskedRequest = RoutedHead & { readonly method: string; readonly target: RequestTarget };

/** A policy's verdict for a hypothetical request. */
export interface Foreseen {
  /** Of its answer; `null`: it lets the request pass. */
  readonly status: number | null;
  readonly says: string;
}

/** A policy on a route. Nothing is opened by binding it: `explain` binds, too. Each hook is called only where it is there. */
export interface BoundPolicy {
  /**
   * Called before the first exchange, for policies that need more than their settings. @returns a function that releases it. @param route
   * its id. @throws PolicyError
   */
  readonly open?: (kept: KeptStates, route: string) => Promise<() => void>;
  /**
   * From the head of the request. A promise only where the policy has to wait, a key to fetch or a service to ask: the exchange is
   * suspended then, at most for `timeouts.response`. @throws GatewayError to refuse it.
   */
  readonly request?: (exchange: RoutedExchange, context: PolicyContext) => Verdict | Promise<Verdict>;
  /** `request` is called only where the request has this; default: `any`. */
  readonly about?: RequestPart;
  /**
   * The head of the request that goes to the service, for each attempt; where the request comes again on its connection, once for all of them. So it
   * depends on nothing but the fields, the settings and the facts of the exchange.
   */
  readonly toService?: FieldsHook;
  /** Names of fields of a request that it checks or writes: services must not read another value of them behind the body. */
  readonly decides?: readonly string[];
  /** The head of a service's, or a cache's, final answer. */
  readonly toClient?: AnswerHook;
  /** A service's, or a cache's, answer with its body: called before it is known, and given its head behind `toClient`. Not where hooks of an extended route see the body. */
  readonly client?: ClientHook;
  /** Changes the head of the gateway's own answers on this route. */
  readonly ownAnswer?: FieldsHook;
  /** The HTML for people of an error of this status, in the place of the gateway's own; `null`: it has none. */
  readonly errorPage?: (status: number, requestId: string) => Buffer | null;
  /** The verdict for a hypothetical `request`, for `explain`; `null`: none. */
  readonly foresee?: (asked: AskedRequest) => Foreseen | null;
  /** How it compresses a whole answer, for the cache, which does it once for all clients. */
  readonly codedHeads?: CodedHeads;
  /** Its effects on answers, one line each. */
  readonly explain?: readonly string[];
}

/** A policy with a key, whose settings have a type of their own. */
export function policyWithKey<Schema extends z.ZodType, Name extends string, Settings>(
  name: Name,
  policy: {
    readonly does: string;
    readonly row: InheritedRow<Schema, Name, Settings>;
    readonly forms?: Forms;
    shown(settings: Settings): unknown;
    faults?(settings: Settings): Promise<readonly PolicyFault[]>;
    bind(settings: Settings): BoundPolicy | null;
  },
): Policy {
  const { does, row, forms = {}, shown, faults, bind } = policy;
  return {
    name,
    does,
    key: {
      key: name,
      row: row as unknown as PolicyKey['row'],
      forms,
      shown: (settings) => shown(settings as Settings),
      faults: faults ? (settings) => faults(settings as Settings) : null,
    },
    // Settings under its name were compiled by its own row.
    bind: (settings) => bind(settings as Settings),
  };
}

/** A policy that is on every route. */
export function policyOfAll(
  name: string,
  does: string,
  about: RequestPart,
  request: NonNullable<BoundPolicy['request']>,
  foresee?: NonNullable<BoundPolicy['foresee']>,
): Policy {
  const bound = { about, request, ...(foresee && { foresee }) };
  return { name, does, key: null, bind: () => bound };
}
