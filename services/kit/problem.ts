import { STATUS_CODES } from 'node:http';

/** Every status that a service of the fleet answers a refusal with. */
export type ProblemStatus =
  | 400
  | 403
  | 404
  | 405
  | 408
  | 409
  | 410
  | 412
  | 413
  | 414
  | 415
  | 416
  | 422
  | 428
  | 429
  | 431
  | 500
  | 503
  | 507;

/** Thrown anywhere below a request handler; it becomes the answer. `detail` is for the client: no paths, no stacks. */
export class Problem extends Error {
  readonly status: ProblemStatus;
  /** Stable name of the case, for programs: `document_not_found`. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the answer (RFC 9457 §3.2), such as the index of the operation that failed. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: ProblemStatus, code: string, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = extras.headers ?? {};
    this.members = extras.members ?? {};
  }
}

export interface ProblemExtras {
  readonly headers?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, unknown>>;
}

export const problemContentType = 'application/problem+json';

/** The answer's body. `about:blank` demands the status phrase as the title (RFC 9457 §4.2.1); `code` tells cases apart. */
export function problemBody(problem: Problem, requestId: string): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    ...problem.members,
    requestId,
  });
}

/** The answer to an unexpected failure: it gives the client only the id to look for in the log. */
export function internalProblem(): Problem {
  return new Problem(
    500,
    'internal',
    'The service failed on this request; its log says why, under the request id.',
  );
}
