import { CapturedBody } from '../exchange/captured-body.ts';
import type { AnswerSink, Fields } from '../exchange/contract.ts';
import { DEPTH_MAX, depthOf, jsonChanges, VOLATILE } from '../exchange/difference.ts';
import { shownField } from '../fields/secrets.ts';
import type { CompareConfig } from '../model/config.ts';
import { framingOf } from './answer-framing.ts';

/** An answer as a service gave it, with the beginning of its body. */
export class ComparedAnswer {
  status = 0;
  fields: Fields = [];
  readonly body = new CapturedBody();

  begin(status: number, fields: Fields): void {
    this.status = status;
    this.fields = [...fields];
  }
}

/** The answers of two services to the same request, from sending it until both are complete. */
export class AnswerPair {
  readonly method: string;
  /** As both services got it. */
  readonly target: string;
  /** In milliseconds since the epoch. */
  readonly at: number = Date.now();
  readonly original = new ComparedAnswer();
  readonly other = new ComparedAnswer();

  readonly #lasts: (pair: AnswerPair) => void;

  /** @param lasts called where the original's answer has no end that could be waited for. */
  constructor(method: string, target: string, lasts: (pair: AnswerPair) => void) {
    this.method = method;
    this.target = target;
    this.#lasts = lasts;
  }

  /** The original's answer, seen on its way. */
  besides(sink: AnswerSink): AnswerSink {
    const { original } = this;
    return {
      started: (reused) => sink.started(reused),
      informational: (status, fields) => sink.informational(status, fields),
      head: (status, reason, fields, block) => {
        original.begin(status, fields);
        if (framingOf(fields).eventStream) this.#lasts(this);
        sink.head(status, reason, fields, block);
      },
      data: (chunk) => {
        original.body.take(chunk);
        sink.data(chunk);
      },
      end: (trailers) => {
        original.body.whole = true;
        sink.end(trailers);
      },
      fail: (cause) => sink.fail(cause),
    };
  }

  /** Compares bytes, as far as they were kept, and fields, except those that always differ. */
  isAlike(config: CompareConfig): boolean {
    const [before, after] = [this.original.body, this.other.body];
    // Of a large one the end was not waited for.
    const asLong = after.whole ? before.bytes === after.bytes : before.bytes >= after.bytes;
    return asLong && this.#hasSameHead(config) && before.content.equals(after.content);
  }

  /** Compares the bodies as JSON values, whatever their spelling. Expensive. */
  meansTheSame(config: CompareConfig): boolean {
    const [before, after] = [jsonOf(this.original), jsonOf(this.other)];
    if (before === undefined || after === undefined || !this.#hasSameHead(config)) return false;
    return jsonChanges(before.value, after.value, (path) => isIgnored(path, config)).length === 0;
  }

  #hasSameHead(config: CompareConfig): boolean {
    return (
      this.original.status === this.other.status &&
      comparedFields(this.original.fields, config) === comparedFields(this.other.fields, config)
    );
  }
}

/** Whether differences at a place in JSON, or below it, are ignored. */
export function isIgnored(pointer: string, { ignore }: CompareConfig): boolean {
  return ignore.some((one) => one.startsWith('/') && (pointer === one || pointer.startsWith(`${one}/`)));
}

/** Whether a field does not matter; the length is the body's. @param name in lower case */
export function isIgnoredField(name: string, { ignore }: CompareConfig): boolean {
  return VOLATILE.has(name) || name === 'content-length' || ignore.includes(name);
}

/** As one text, in an order of its own, and as it may be shown: sessions differ always. */
function comparedFields(fields: Fields, config: CompareConfig): string {
  const lines: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (!isIgnoredField(name, config)) lines.push(`${name}: ${shownField(name, fields[i + 1]!)}`);
  }
  return lines.sort().join('\n');
}

function jsonOf({ fields, body }: ComparedAnswer): { readonly value: unknown } | undefined {
  if (body.isTruncated || !isPlainJson(fields)) return undefined;
  const text = body.content.toString();
  if (depthOf(text) > DEPTH_MAX) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function isPlainJson(fields: Fields): boolean {
  let json = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name === 'content-encoding' && fields[i + 1] !== 'identity') return false;
    if (name === 'content-type') json = /\bjson\b/i.test(fields[i + 1]!);
  }
  return json;
}
