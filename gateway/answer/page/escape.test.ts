import { describe, expect, it } from 'vitest';
import { escapeHtml, safeHref } from './escape.ts';

describe('escapeHtml', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['" onload="x', '&quot; onload=&quot;x'],
    ["' onload='x", '&#39; onload=&#39;x'],
    ['&lt;', '&amp;lt;'],
    ['a\u0000b\u001b[2J', 'a\\x00b\\x1b[2J'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['one\n\ttwo', 'one\n\ttwo'],
    ['naïve 日本 🚀', 'naïve 日本 🚀'],
  ])('writes %j as %j', (text, html) => {
    expect(escapeHtml(text)).toBe(html);
  });
});

describe('safeHref', () => {
  it.each(['/', '/db', '/db?x=1', '/.//evil.example', 'http://shop.localhost:3000/', 'https://x/'])(
    'lets %s pass',
    (href) => {
      expect(safeHref(href)).toBe(href);
    },
  );

  it.each([
    '',
    'db',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'http:/evil',
    'http:///evil',
    'http://\\evil',
    'HTTP:evil',
  ])('refuses %j', (href) => {
    expect(safeHref(href)).toBeNull();
  });
});
