import { z } from 'zod';
import { parseFieldText, parseHeaderName } from '../keys/field.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { described, form, onOff, parsedBy, percent } from '../keys/value.ts';
import type { TracesConfig } from '../model/config.ts';

function parseCollector(text: string): ParseResult<string> {
  if (!URL.canParse(text)) return refused('the collector, with its scheme: http://127.0.0.1:4318');
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) return refused('OTLP over HTTP: http:// or https://');
  if (url.username !== '' || url.password !== '') return refused('it can’t hold a name and a password');
  // As OpenTelemetry's own exporters have it, of whose addresses one is written here.
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return accepted(url.href);
}

const rows = section({
  sample: row(
    percent({ min: '0%', max: '100%' }),
    'The share of the exchanges that is traced. The decision of the client in `Traceparent` holds where it is in `trustProxy`, and in development.',
    { default: '1%', also: 'sampling samplerate ratio probability' },
  ),
  gzip: row(onOff, 'Whether batches are packed by gzip, as hosted collectors take them.', {
    default: 'off',
    also: 'compression compress',
  }),
  service: row(z.string().min(1).max(200), 'The name of this gateway in traces.', {
    default: 'portway',
    also: 'servicename name',
  }),
});

export const tracesForm = form('traces', 'traces', {
  otlp: described(
    parsedBy(z.string(), parseCollector, { pattern: /^\s*[hH][tT][tT][pP][sS]?:/ }),
    'Where the collector takes OTLP over HTTP; `/v1/traces` is put behind it where it is not there.',
    {
      expected: 'a URL such as http://127.0.0.1:4318',
      type: 'URL',
      defaultText: '**required**',
      also: 'endpoint url collector address',
    },
  ),
  headers: described(
    z.record(
      parsedBy(z.string(), parseHeaderName, { expected: 'a header name' }),
      parsedBy(z.string(), parseFieldText),
    ),
    'Fields that are sent along, such as the key of a hosted collector: `x-honeycomb-team: ...`. Their values are shown nowhere.',
    {
      expected: 'a map of fields to texts',
      type: 'map of header names to texts',
      also: 'fields metadata authorization',
    },
  ).optional(),
  ...rows.shape,
});

export function compileTraces({ otlp, headers = {}, ...written }: z.output<typeof tracesForm>): TracesConfig {
  return { otlp, headers, ...rows.compile(written) };
}
