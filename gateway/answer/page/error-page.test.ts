import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { staticPolicy } from './document.ts';
import { type ErrorPageInput, renderErrorPage } from './error-page.ts';

const input: ErrorPageInput = {
  status: 502,
  title: 'The service is not running',
  detail: 'Nothing accepts connections where this route leads.',
  code: 'connection_refused',
  requestId: 'req-1',
};

function body(html: string): string {
  return html.slice(html.indexOf('<body>'));
}

describe('the page of an error', () => {
  it('says what happened, and what to quote', () => {
    const html = renderErrorPage(input);
    expect(html).toContain('<title>502 The service is not running</title>');
    for (const text of ['502', input.title, input.detail, input.code, input.requestId]) {
      expect(body(html)).toContain(text);
    }
    expect(html).not.toMatch(/What to do|Did you mean|last output/);
  });

  it('says what to do, step by step where there are several', () => {
    const several = renderErrorPage({ ...input, fix: ['Start the service.', 'Or correct the port.'] });
    expect(several).toContain('<ol><li>Start the service.</li><li>Or correct the port.</li></ol>');
    expect(renderErrorPage({ ...input, fix: ['Start the service.'] })).toContain('<p>Start the service.</p>');
  });

  it('says what happened apart from what to do, and nothing twice', () => {
    const happened = ['nothing accepts connections where this route leads.', 'The service `db` is starting.'];
    const html = renderErrorPage({ ...input, happened, fix: ['Start the service.'] });
    expect(html.match(/nothing accepts connections/gi)).toHaveLength(1);
    expect(html).toContain('<h2>What happened</h2><p>The service <code>db</code> is starting.</p>');
    expect(html).toContain('<h2>What to do</h2><p>Start the service.</p>');
  });

  it('shows names in backticks as code', () => {
    const html = renderErrorPage({ ...input, detail: 'See `a<b`.', fix: ['Raise `timeouts.idle`.'] });
    expect(html).toContain('See <code>a&lt;b</code>.');
    expect(html).toContain('<p>Raise <code>timeouts.idle</code>.</p>');
  });

  it('links to the nearest routes', () => {
    const html = renderErrorPage({ ...input, nearest: [{ label: '/db', href: '/db' }] });
    expect(html).toContain('<a href="/db"><span class="mono">/db</span></a>');
  });

  it('leads to the map where it stands, and nowhere otherwise', () => {
    expect(renderErrorPage({ ...input, home: '/' })).toContain('<a href="/">Map</a>');
    expect(body(renderErrorPage(input))).not.toContain('<a ');
  });

  it.each(['javascript:alert(1)', '//evil.example', 'data:text/html,x'])(
    'names but does not link %s',
    (href) => {
      const html = renderErrorPage({ ...input, nearest: [{ label: '/db', href }] });
      expect(body(html)).not.toContain('<a ');
      expect(html).toContain('<span class="mono">/db</span>');
    },
  );

  it('shows the last output of the process without its colours', () => {
    const html = renderErrorPage({ ...input, lastOutput: ['\u001b[31mError\u001b[39m: no', '    at x'] });
    expect(html).toContain('Error: no\n    at x</pre>');
  });

  it('has just the style that its policy allows, and no script', () => {
    const html = renderErrorPage(input);
    const [, style] = /<style>(.*?)<\/style>/s.exec(html)!;
    expect(staticPolicy).toContain(createHash('sha256').update(style!).digest('base64'));
    expect(staticPolicy).not.toContain('script-src');
    expect(html).not.toMatch(/<script|http-equiv/);
  });

  it('adds no element and no control byte, whatever it is given', () => {
    const hostile = '"\'><img src=x onerror=alert(1)></pre></title><script>\u0000\u009b2J\u202e';
    const html = renderErrorPage({
      status: 404,
      title: hostile,
      detail: hostile,
      code: hostile,
      requestId: hostile,
      fix: [hostile, hostile],
      nearest: [{ label: hostile, href: `/${hostile}` }],
      lastOutput: [hostile],
    });
    expect(html).not.toMatch(/<img|<script/);
    expect(html.match(/<\/title>/g)).toHaveLength(1);
    expect(html.match(/<\/pre>/g)).toHaveLength(1);
    expect(html.replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
