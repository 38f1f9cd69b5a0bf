import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CATALOG, type ErrorCode } from '../exchange/error-catalog.ts';
import { errorsFile, errorsPage } from './error-docs.ts';

const codes = Object.keys(CATALOG) as ErrorCode[];
const page = await readFile(errorsFile, 'utf8');

/** code → cells, of every row of the page's table that begins with a code. */
const rows = new Map(
  page
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .flatMap(([, first = '', ...cells]) => {
      const code = /^\[`(\w+)`\]\(#\1\)$/.exec(first)?.[1];
      return code === undefined ? [] : [[code, cells] as const];
    }),
);

describe('docs/errors.md', () => {
  test('is what `npm run docs` writes', () => {
    expect(page).toBe(errorsPage(page));
  });

  test('has a row and a heading for each code of the catalogue, and for no other', () => {
    expect([...rows.keys()]).toEqual(codes);
    expect(Array.from(page.matchAll(/^### (\w+)$/gm), ([, code]) => code)).toEqual(codes);
  });

  test.each(codes)('says of %s what the catalogue says', (code) => {
    const { status, type, blame, retry, remedy } = CATALOG[code];
    expect(rows.get(code)?.slice(0, 5)).toEqual([String(status), `\`${type}\``, blame, retry, remedy]);
  });
});

describe('the catalogue', () => {
  test.each(codes)('gives %s a type that RFC 9209 registers', (code) => {
    expect(RFC_9209_TYPES).toContain(CATALOG[code].type);
  });

  test.each(codes.filter((code) => CATALOG[code].blame !== 'client'))(
    'answers %s, which is no fault of the client, with 5xx',
    (code) => {
      expect(Math.floor(CATALOG[code].status / 100)).toBe(5);
    },
  );
});

/** RFC 9209 §2.3. */
const RFC_9209_TYPES = [
  'dns_timeout',
  'dns_error',
  'destination_not_found',
  'destination_unavailable',
  'destination_ip_prohibited',
  'destination_ip_unroutable',
  'connection_refused',
  'connection_terminated',
  'connection_timeout',
  'connection_read_timeout',
  'connection_write_timeout',
  'connection_limit_reached',
  'tls_protocol_error',
  'tls_certificate_error',
  'tls_alert_received',
  'http_request_error',
  'http_request_denied',
  'http_response_incomplete',
  'http_response_header_section_size',
  'http_response_header_size',
  'http_response_body_size',
  'http_response_trailer_section_size',
  'http_response_trailer_size',
  'http_response_transfer_coding',
  'http_response_content_coding',
  'http_response_timeout',
  'http_upgrade_failed',
  'http_protocol_error',
  'proxy_internal_response',
  'proxy_internal_error',
  'proxy_configuration_error',
  'proxy_loop_detected',
];
