/** `errorPages:` of a route or of the top level. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { inherited } from '../../keys/inherited.ts';
import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';
import { described, flag, orWord, parsedBy } from '../../keys/value.ts';

export interface ErrorPagesSettings {
  /** In the order in which they are asked: those of the route itself before those of the top level, a status before its class. */
  readonly pages: readonly ErrorPageFile[];
  /** How many of the first are the route's own, and not inherited. */
  readonly own: number;
  /** Whether they also replace error answers of services. */
  readonly services: boolean;
}

export interface ErrorPageFile {
  /** `404`, or `5xx`. */
  readonly statuses: string;
  /** Absolute. */
  readonly file: string;
}

const PAGE = 'the path of an HTML file: ./404.html';

const page = parsedBy(z.string(), parsePage, {
  expected: PAGE,
  type: 'path',
  pattern: /\.[hH][tT][mM][lL]?$/,
});

export const errorPagesForm = z
  .object({
    services: described(
      flag,
      'Whether these pages stand in the place of what services answer, too. Else only the errors of the gateway itself have them.',
      { defaultText: '`false`', also: 'intercepterrors proxyintercepterrors intercept' },
    ).optional(),
  })
  .catchall(page)
  .check(({ value, issues }) => {
    const params = { atKey: true, expected: 'a status from 400 to 599, 4xx, 5xx, or services' };
    for (const key of Object.keys(value))
      if (key !== 'services' && !STATUSES.test(key))
        issues.push({ code: 'custom', input: value, path: [key], params: { ...params, hint: hintOf(key) } });
  })
  .meta({ id: 'errorPages', doc: { expected: 'a map of statuses to HTML files', holder: 'errorPages' } });

function hintOf(key: string): string {
  const lower = key.toLowerCase();
  if (STATUSES.test(lower)) return `did you mean ${lower}?`;
  if (/^[45]\d?x?\W/.test(key) || /^[45]\d/.test(key))
    return 'each status has a line of its own; 5xx is all from 500 to 599';
  return 'which answers have the page: "404: ./404.html", "5xx: ./down.html"';
}

const STATUSES = /^[45](?:\d\d|xx)$/;

const errorPagesValue = orWord('off', errorPagesForm).meta({
  doc: {
    expected: 'off, or a map of statuses to HTML files',
    type: '`off`, or a map, see [errorPages](#errorpages)',
  },
});

export const errorPagesRow = inherited('errorPages', errorPagesValue, {
  compile: (written, base: ErrorPagesSettings | null, folder) =>
    written && compileErrorPages(written, base, folder),
  top: {
    text: 'HTML files for errors, on every route and where no route takes a request; a route’s own come before these.',
    default: 'off',
  },
  route: {
    text: 'HTML files that people see in the place of errors, by status ([error-pages.md](error-pages.md)).',
    also: 'errorpage errordocument handleerrors errors customerrors customerrorpages',
  },
});

function parsePage(path: string): ParseResult<string> {
  return /\.html?$/i.test(path)
    ? accepted(path)
    : refused('programs get problem+json; a page for people ends in .html', PAGE);
}

function compileErrorPages(
  { services, ...written }: z.output<typeof errorPagesForm>,
  base: ErrorPagesSettings | null,
  folder: string,
): ErrorPagesSettings {
  const pages = Object.entries(written)
    .map(([statuses, file]) => ({ statuses, file: resolve(folder, String(file)) }))
    // A digit sorts before a letter: 404, then 4xx.
    .sort((one, other) => (one.statuses < other.statuses ? -1 : 1));
  return {
    pages: [...pages, ...(base?.pages ?? [])],
    own: pages.length,
    services: services ?? base?.services ?? false,
  };
}
