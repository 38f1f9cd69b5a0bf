import { ConfigError, type Problem } from '../config/problem.ts';
import { ListenError, type PortUse } from '../listener/listen-error.ts';
import { ExtensionError, type ExtensionFailure } from '../proxy/extension.ts';

/** Why a worker could not start, as it goes to the primary. */
export type StartFailure =
  | { readonly kind: 'config'; readonly problems: readonly Problem[] }
  | { readonly kind: 'extension'; readonly failures: readonly ExtensionFailure[] }
  | {
      readonly kind: 'listen';
      readonly host: string;
      readonly port: number;
      readonly code: string;
      readonly cause: string;
      readonly use: PortUse;
    }
  | { readonly kind: 'other'; readonly message: string };

export function failureOf(error: unknown): StartFailure {
  if (error instanceof ConfigError) return { kind: 'config', problems: error.problems };
  if (error instanceof ExtensionError) return { kind: 'extension', failures: error.failures };
  if (error instanceof ListenError) {
    const { host, port, reason, use } = error;
    return { kind: 'listen', host, port, code: reason, cause: messageOf(error.cause), use };
  }
  return { kind: 'other', message: messageOf(error) };
}

/** The error that the worker had. */
export function errorOf(failure: StartFailure): Error {
  switch (failure.kind) {
    case 'config':
      return new ConfigError(failure.problems);
    case 'extension':
      return new ExtensionError(failure.failures);
    case 'listen': {
      const cause = Object.assign(new Error(failure.cause), { code: failure.code });
      return new ListenError(failure.host, failure.port, cause, failure.use);
    }
    case 'other':
      return new Error(failure.message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
