import type { IncomingMessage } from 'node:http';
import { basename, dirname, extname } from 'node:path';
import type { Readable } from 'node:stream';
import { mime, send } from '@fastify/send';
import type { Fields } from '../exchange/contract.ts';
import { acceptedCodings, isCompressible } from '../fields/content-coding.ts';
import type { FolderConfig } from '../model/config.ts';
import { codedFile, type FoundFile, type OpenFile, openFile } from './folder.ts';

/** A request for a file. */
export interface FileRequest {
  readonly method: string;
  header(lowerName: string): string | undefined;
}

/** An answer out of a folder. `body` is an open file, and has `length` bytes to give. */
export interface FileAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Readable | Buffer | null;
  readonly length: number;
}

/** `null`: the file went away in this very moment, or something else has its name. */
export async function fileAnswer(
  original: FoundFile,
  request: FileRequest,
  config: FolderConfig,
): Promise<FileAnswer | null> {
  const coded = config.precompressed ? await bestCoded(original, request.header('accept-encoding')) : null;
  const open = await openFile(coded?.file ?? original);
  if (open === null) return null;
  let answer: FileAnswer | null = null;
  try {
    answer = await answerOf(open, original.name, coded?.coding ?? null, request, config);
    return answer;
  } finally {
    if (!answer?.body) await open.handle.close();
  }
}

/** @param name of the file as it is without a coding */
async function answerOf(
  { handle, path }: OpenFile,
  name: string,
  coding: string | null,
  request: FileRequest,
  { precompressed, maxAgeMs }: FolderConfig,
): Promise<FileAnswer | null> {
  const type = typeOf(name);
  // It would open the file once more by its name, which may be another's by now.
  const head = await send(asked({ ...request, method: 'HEAD' }), encodeURIComponent(basename(path)), {
    root: dirname(path),
    dotfiles: 'allow',
    index: [],
    cacheControl: false,
  });
  const { statusCode: status, headers } = head;
  if (head.type === 'directory' || status === 404 || status === 500) return null;
  const fields = Object.entries(headers).filter(([field]) =>
    head.type === 'error' ? field === 'Content-Range' : field !== 'Content-Type',
  );
  const own = [
    ...(status < 300 ? [['Content-Type', type]] : []),
    ...(coding !== null && status < 300 ? [['Content-Encoding', coding]] : []),
    ...(coding !== null || (precompressed && isCompressible(type)) ? [['Vary', 'Accept-Encoding']] : []),
    ['Cache-Control', freshness(name, maxAgeMs)],
  ];
  const all = [...fields, ...own].flat().map(String);
  if (head.type === 'error')
    return { status, fields: [...all, 'Content-Length', '0'], body: null, length: 0 };
  if (status === 304 || request.method === 'HEAD') return { status, fields: all, body: null, length: 0 };
  const length = Number(headers['Content-Length'] ?? 0);
  const start = Number(/^bytes (\d+)-/.exec(String(headers['Content-Range']))?.[1] ?? 0);
  const body = handle.createReadStream({ start, end: Math.max(start, start + length - 1) });
  return { status, fields: all, body, length };
}

/** The library looks at these alone. */
function asked({ method, header }: FileRequest): IncomingMessage {
  const headers: Record<string, string> = {};
  for (const name of ASKED) {
    const value = header(name);
    if (value !== undefined) headers[name] = value;
  }
  // A weak tag never makes a range of the old file fit the new one (RFC 9110 §13.1.5).
  if (headers['if-range']?.startsWith('W/')) delete headers.range;
  return { method, headers } as unknown as IncomingMessage;
}

const ASKED = [
  ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'],
  'cache-control',
];

/** A precompressed file beside it, in the coding that the client prefers. */
async function bestCoded(
  file: FoundFile,
  accept: string | undefined,
): Promise<{ readonly file: FoundFile; readonly coding: string } | null> {
  for (const coding of acceptedCodings(accept, CODINGS)) {
    const coded = await codedFile(file, SUFFIXES[coding]);
    if (coded !== null) return { file: coded, coding };
  }
  return null;
}

const CODINGS = ['br', 'zstd', 'gzip'] as const;
const SUFFIXES = { br: '.br', zstd: '.zst', gzip: '.gz' } as const;

function typeOf(name: string): string {
  const type = mime.getType(name) ?? 'application/octet-stream';
  return /^text\/|^application\/(?:javascript|json|xml)$|\+xml$/.test(type) ? `${type}; charset=utf-8` : type;
}

/** A page names the files that belong to it, so it is asked for again each time; `no-cache` may be kept, and is asked for by its ETag. */
function freshness(name: string, maxAgeMs: number): string {
  if (maxAgeMs === 0 || /^\.x?html?$/i.test(extname(name))) return 'no-cache';
  return `public, max-age=${Math.floor(maxAgeMs / 1000)}`;
}
