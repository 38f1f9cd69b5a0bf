/** `npm run docs`: writes `docs/errors.md` from the catalogue. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CATALOG, type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import type { ErrorRow } from '../exchange/error-rows.ts';
import { errorAnswer } from './error-answer.ts';

export const errorsFile = join(import.meta.dirname, '..', '..', 'docs', 'errors.md');

/** The whole page. Each code has a row in the table and a heading of its own, for links. */
export function errorsPage(): string {
  const rows = Object.entries(CATALOG) as [ErrorCode, ErrorRow][];
  const blocks = [HEAD, example(), TABLE, table(rows), WORDS, ...rows.map(section)];
  return `${blocks.join('\n\n')}\n`;
}

const HEAD = `# Errors

Generated from \`gateway/exchange/error-rows.ts\` by \`npm run docs\`. Every error that the gateway answers in place of a service, or names
in its log, is one of these. What a service answers comes through as it is, and so does the 4xx with which an extension refuses
([extend.md](extend.md)).

A client gets \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), or a page where its
\`Accept\` prefers HTML. Neither holds an address, a stack or a library's words:`;

const TABLE = `With \`npm start\`, \`happened\`, \`fix\`, \`nearest\` and \`lastOutput\` stand beside these: what was tried, what to do, routes that may have been
meant, and the newest lines of the service's process (of one that crashed: the error's message and the frames of its own code); where no route takes the path, also \`routes\`, all of them, and \`home\`, the gateway's page. For operators, the log line with the same \`requestId\` has the \`code\`, and in \`cause\`
what happened, with addresses ([logs.md](logs.md)).

## All of them

- **type** is of [RFC 9209](https://www.rfc-editor.org/rfc/rfc9209#section-2.3), and stands in \`Proxy-Status\`.
- **whose** fault it is: the client's, the gateway's, or the service's.
- **again?** Whether the same request may be sent again. *always*: nothing of it reached a service. *idempotent*: a service may have
  seen it, so only if its method is idempotent ([RFC 9110 §9.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2)).
  *never*: the answer would be the same, or a part of it has been delivered.`;

const WORDS = `\`answer_truncated\`, \`idle_timeout\`, \`reader_timeout\`, \`drained\` and \`client_left\` stand in the log alone: the head of an answer was out
already, or nobody was left to read one. What a client sees of the first four is that its connection breaks off, never an answer that looks
complete.

## What clients are told`;

function example(): string {
  const { status, body } = errorAnswer(new GatewayError('connection_refused', ''), {
    requestId: '6f1c0b9a4e8d27530c11',
    accept: '',
    advice: null,
  });
  const problem = JSON.stringify(JSON.parse(String(body)), null, 2);
  return `\`\`\`http\nHTTP/1.1 ${status} Bad Gateway\nContent-Type: application/problem+json\nProxy-Status: portway; error=connection_refused\nX-Request-Id: 6f1c0b9a4e8d27530c11\n\n${problem}\n\`\`\``;
}

function table(rows: readonly [ErrorCode, ErrorRow][]): string {
  const head = ['| code | status | type | whose | again? | what to do |', '|---|---|---|---|---|---|'];
  return [...head, ...rows.map(([code, row]) => tableRow(code, row))].join('\n');
}

function tableRow(code: ErrorCode, { status, type, blame, retry, remedy }: ErrorRow): string {
  const cells = [`[\`${code}\`](#${code})`, String(status), `\`${type}\``, blame, retry, remedy];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function section([code, { title, detail, retryAfter }]: [ErrorCode, ErrorRow]): string {
  const after = retryAfter === undefined ? '' : ` \`Retry-After: ${retryAfter}\`.`;
  return `### ${code}\n\n**${title}.** ${detail}${after}`;
}

if (import.meta.main) await writeFile(errorsFile, errorsPage());
