/** `npm run docs`: writes what the catalogue says into `docs/errors.md`. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOG, type ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import type { ErrorRow } from '../exchange/error-rows.ts';
import { errorAnswer } from './error-answer.ts';

export const errorsFile = join(import.meta.dirname, '..', '..', 'docs', 'errors.md');

/** The page with its example, and with a row in the table and a heading for each code. All other text is written in the page itself. */
export function errorsPage(written: string): string {
  const rows = Object.entries(CATALOG) as [ErrorCode, ErrorRow][];
  const [text = ''] = written.split(/^### /m, 1);
  const filled = text
    .replace(/^```http\n.*?^```\n/ms, () => `${example()}\n`)
    .replace(/^\| code \|.*\n(?:\|.*\n)*/m, () => `${table(rows)}\n`);
  return `${filled}${rows.map(section).join('\n\n')}\n`;
}

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

if (import.meta.main) writeFileSync(errorsFile, errorsPage(readFileSync(errorsFile, 'utf8')));
