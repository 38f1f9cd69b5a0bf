import { errorAnswer } from '../answer/error-answer.ts';
import type { Downstream } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { STATUS_CODES } from '../exchange/node-http.ts';

/**
 * The 503 of an overloaded gateway. Both of its forms are prepared; only the request id is filled in: time for it is taken from exchanges
 * that are carried.
 */
export class Refusal {
  readonly retryAfterMs: number;
  readonly #problem: Form;
  readonly #page: Form;

  constructor(retryAfterMs: number) {
    this.retryAfterMs = retryAfterMs;
    this.#problem = form('', retryAfterMs);
    this.#page = form('text/html', retryAfterMs);
  }

  /** Writes the answer; the connection stays open, so that clients don't add connecting to the load. */
  write(downstream: Downstream, requestId: string): void {
    const { before, after, fields } = asksForPage(downstream.fields) ? this.#page : this.#problem;
    downstream.head(STATUS, STATUS_CODES[STATUS]!, [...fields, 'X-Request-Id', requestId]);
    if (downstream.method !== 'HEAD') downstream.write(Buffer.from(before + requestId + after, 'latin1'));
    downstream.end([]);
  }
}

/** A body in two parts, as latin-1 of the bytes that go out, and the fields that belong to it. */
interface Form {
  readonly before: string;
  readonly after: string;
  readonly fields: readonly string[];
}

const ERROR = new GatewayError('overloaded', 'the gateway is overloaded');
const STATUS = ERROR.row.status;
/** As long as every name that we make. */
const PLACE = 'f00df00df00df00df00d';

function form(accept: string, retryAfterMs: number): Form {
  const answer = errorAnswer(ERROR, { requestId: PLACE, accept, advice: null });
  const [before = '', after = ''] = answer.body.toString('latin1').split(PLACE);
  const fields: string[] = [];
  for (let i = 0; i < answer.fields.length; i += 2) {
    const name = answer.fields[i]!;
    if (name === 'X-Request-Id') continue;
    fields.push(name, name === 'Retry-After' ? seconds(retryAfterMs) : answer.fields[i + 1]!);
  }
  return { before, after, fields };
}

/** RFC 9110 §10.2.3: whole seconds. */
function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/** Browsers name it first; weighing the whole field is for times with less to do. */
function asksForPage(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 6 && name.toLowerCase() === 'accept') return fields[i + 1]!.startsWith('text/html');
  }
  return false;
}
