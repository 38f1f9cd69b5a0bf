/** Keys of a route that answers with files: `folder: ./public`. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type ParseResult, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { parseTarget } from '../keys/target.ts';
import { described, duration, flag, parsedBy, path } from '../keys/value.ts';
import type { FolderConfig } from '../model/config.ts';

const fileName = parsedBy(z.string().min(1), parseFileName, { expected: 'the name of a file in the folder' });

const rows = section({
  index: row(
    z.union([fileName.transform((one) => [one]), z.array(fileName)]),
    'What stands for a directory: the first of these that is there.',
    {
      default: 'index.html',
      expected: 'the name of a file, or a list of them',
      type: 'name or list of names',
      also: 'indexfiles directoryindex',
    },
  ),
  fallback: row(
    parsedBy(z.string().min(1), parseFallback, {
      expected: 'a URL beside "to", or the name of a file beside "folder"',
    }),
    'Beside `to`: who is asked while nothing takes connections there, `https://staging.example.com` ([dev.md](dev.md#a-fallback-elsewhere)). Beside `folder`: the file that answers a browser which opens a path without a file, a page that finds its way by itself.',
    { type: 'URL or name', also: 'tryfiles spa historyapifallback' },
  ),
  listing: row(flag, 'Whether a directory without an index is answered with a list of its files.', {
    default: 'false',
    also: 'autoindex browse directorylisting',
  }),
  precompressed: row(
    flag,
    'Whether `app.js.br`, `app.js.zst` or `app.js.gz` beside `app.js` is sent in its place, to clients that take it.',
    { default: 'true', also: 'gzipstatic brotlistatic' },
  ),
  maxAge: row(
    duration({ min: '0s', max: '365d' }),
    'How long files other than pages are used without asking again (`Cache-Control`). With `0s` they are asked for each time, and answered 304 where they are the same.',
    { as: 'maxAgeMs', default: '0s', also: 'expires cachecontrol' },
  ),
});

export const folderShape = {
  folder: described(
    path('the path of a folder'),
    'A folder whose files are the answers, in the place of `to` ([folder.md](folder.md)). Relative to this file.',
    { also: 'root static alias fileserver files directory dir publicdir' },
  ).optional(),
  ...rows.shape,
};

export const FOLDER_KEYS = Object.keys(rows.shape);

/** @param file of the configuration */
export function compileFolder(form: CheckedFolder, file: string): FolderConfig | null {
  const { folder } = form;
  return folder === undefined ? null : { path: resolve(dirname(file), folder), ...rows.compile(form) };
}

const form = z.strictObject(folderShape);
type CheckedFolder = z.output<typeof form>;

/** Whether `fallback` names a service, and not a file. */
export function isRemote(fallback: string): boolean {
  return fallback.includes('://');
}

function parseFallback(text: string): ParseResult<string> {
  if (!isRemote(text)) return parseFileName(text);
  if (!/^https?:/i.test(text)) return refused('it is asked by http:// or https://');
  const target = parseTarget(text);
  return target.ok ? { ok: true, value: text } : target;
}

function parseFileName(name: string): ParseResult<string> {
  const parts = name.split(/[/\\]/);
  if (parts.some((part) => part === '' || part.startsWith('.')))
    return refused(
      'it is relative to the folder, and stays in it: no leading slash, no dot in front',
      'the name of a file in the folder',
    );
  return { ok: true, value: name };
}
