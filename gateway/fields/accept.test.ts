import { describe, expect, it } from 'vitest';
import { preferredType } from './accept.ts';

const json = 'application/json';
const html = 'text/html';

describe('preferredType', () => {
  it.each([
    { accept: undefined, preferred: json },
    { accept: '', preferred: json },
    { accept: '*/*', preferred: json },
    { accept: 'image/png', preferred: json },
    { accept: 'text/html', preferred: html },
    { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', preferred: html },
    { accept: 'application/json, text/html', preferred: json },
    { accept: 'application/json;q=0.9, text/html', preferred: html },
    { accept: 'text/*, application/json;q=0.5', preferred: html },
    { accept: '*/*, application/json;q=0', preferred: html },
    { accept: 'text/html;q=0, */*', preferred: json },
    { accept: 'TEXT/HTML ; Q=1', preferred: html },
    { accept: 'text/html;level=1', preferred: html },
    { accept: 'text/html;q=7, application/json;q=0.1', preferred: json },
    { accept: ',;,=,;q', preferred: json },
    { accept: `${'a/b,'.repeat(100_000)}text/html`, preferred: json },
  ])('takes $preferred for %o', ({ accept, preferred }) => {
    expect(preferredType(accept, [json, html])).toBe(preferred);
  });
});
