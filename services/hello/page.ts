import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Html, html } from '../kit/html.ts';
import { pageHead } from '../kit/page-head.ts';
import { publicAddress } from '../kit/public-address.ts';

// This service has no other address than its three answers, so the style stands in the page.
const style = readFileSync(`${import.meta.dirname}/../kit/page/base.css`, 'utf8');
const policy = `default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** `/` for a browser: the answer, and what this service is. */
export function answerPage(request: IncomingMessage, response: ServerResponse): void {
  const { origin, prefix } = publicAddress(request.headers);
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    vary: 'Accept',
  });
  response.end(
    html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>hello</title>
    <link rel="icon" href="data:," />
    <style>${new Html(style)}</style>
  </head>
  <body>
    ${pageHead(request, 'hello')}
    <main>
    <div class="head"><h1>Welcome to the home page</h1></div>
      <section class="start">
      <p>That is the whole answer of the smallest service of the fleet, which knows three sentences.</p>
      <table>
        <thead><tr><th scope="col">Path</th><th scope="col">Answer</th></tr></thead>
        <tbody>
          <tr><td><code>/</code></td><td>Welcome to the home page</td></tr>
          <tr><td><a href="getSecretData"><code>/getSecretData</code></a></td><td>Your secret data is here</td></tr>
          <tr><td><a href="anything"><code>/anything</code></a></td><td>Hello World</td></tr>
        </tbody>
      </table>
        <p class="quiet">A program gets the sentence alone:</p>
        <pre>curl ${origin}${prefix}/</pre>
      </section>
    </main>
  </body>
</html>
`.text,
  );
}
