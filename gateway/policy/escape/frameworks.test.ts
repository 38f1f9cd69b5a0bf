import { expect, test } from 'vitest';
import { Applications, frameworkOf, frameworkOfAnswer } from './frameworks.ts';

test.each([
  ['X-Powered-By', 'Next.js', 'Next.js', "basePath: '/app'"],
  ['X-Powered-By', 'Nuxt', 'Nuxt', 'NUXT_APP_BASE_URL=/app/'],
  ['X-Powered-By', 'Express', 'Express', "app.use('/app', router)"],
  ['x-powered-by', 'verdaccio/5.31.1', 'verdaccio', 'url_prefix: /app/'],
  ['server', 'uvicorn', 'FastAPI', '--root-path /app'],
  ['Server', 'TornadoServer/6.4.1', 'Tornado', 'base_url=/app/'],
  ['Server', 'WSGIServer/0.2 CPython/3.12.3', 'Django', "FORCE_SCRIPT_NAME = '/app'"],
  ['Server', 'Werkzeug/3.0.3 Python/3.12.3', 'Flask', 'ProxyFix'],
  ['Server', 'Kestrel', 'ASP.NET Core', 'UsePathBase("/app")'],
  ['X-Jenkins', '2.462', 'Jenkins', '--prefix=/app'],
  ['X-Runtime', '0.004213', 'Rails', 'RAILS_RELATIVE_URL_ROOT=/app'],
  ['X-Prometheus-Stopping', 'false', 'Prometheus', 'external-url'],
  ['X-Syncthing-Version', 'v1.27.7', 'Syncthing', 'relative links'],
  ['Set-Cookie', 'JSESSIONID=0A1B; Path=/; HttpOnly', 'Spring', 'context-path=/app'],
  ['X-Application-Context', 'application:8080', 'Spring', 'context-path=/app'],
])('an answer with %s: %s is of %s', (name, value, framework, setting) => {
  const found = frameworkOfAnswer(['Content-Type', 'text/html', name, value]);
  expect(found?.name).toBe(framework);
  expect(found?.setting('/app')).toContain(setting);
});

test.each([
  [['X-Title', 'X-Powered-By: Express']],
  [['Server', 'nginx']],
  [['X-Runtime', 'nodejs']],
  [['Set-Cookie', 'a=JSESSIONID=1']],
  [['Server', '']],
  [[]],
])('an answer with %j is of nobody that is known', (fields) => {
  expect(frameworkOfAnswer(fields)).toBeNull();
});

test('the narrower sign counts: Jenkins has servlet sessions too', () => {
  expect(frameworkOfAnswer(['Set-Cookie', 'JSESSIONID=1', 'X-Jenkins', '2.4'])?.name).toBe('Jenkins');
});

test('an answer that says nothing takes nothing back', () => {
  const applications = new Applications();
  applications.see('/app', ['Server', 'uvicorn']);
  applications.see('/app', ['Content-Length', '0']);
  expect(applications.of('/app')?.name).toBe('FastAPI');
  expect(applications.of('/other')).toBeNull();
});

test.each([
  ['/@vite/client', 'Vite'],
  ['/main.js', 'webpack'],
  ['/runtime~main.js', 'Docusaurus'],
  ['/__comp---theme-doc-roota-94-67a.js', 'Docusaurus'],
  ['/polyfills.js', 'Angular'],
  ['/@fs/home/a/app/.angular/cache/22.2.7/app/vite/deps/@angular_core.js', 'Angular'],
  ['/@fs/home/a/node_modules/vitepress/dist/client/app/index.js', 'VitePress'],
  ['/.vitepress/cache/deps/vue.js', 'VitePress'],
  ['/@fs/home/a/node_modules/vite/dist/client/env.mjs', 'Vite'],
])('a page that asks for %s is of %s', (path, framework) => {
  expect(frameworkOf(path)?.name).toBe(framework);
});

test('what is known by its answers alone is never known by a path', () => {
  expect(frameworkOf('/')).toBeNull();
  expect(frameworkOf('/app.js')).toBeNull();
});
