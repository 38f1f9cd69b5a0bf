import type { Fields } from '../../exchange/contract.ts';

/**
 * Applications recognised by requests outside their prefix, or by a field of their answers, with the setting that tells them their prefix,
 * after which nothing needs to be led back. One row each; the first match counts.
 */
export interface Framework {
  readonly name: string;
  /** Of paths that its pages ask for, as if it owned `/`. */
  readonly asks: RegExp;
  /** Of a field of its answers, written `name: value`; `null`: they don't say. */
  readonly answers: RegExp | null;
  /** The setting for a prefix, in the application's own words. */
  setting(prefix: string): string;
  /** Whether it then wants the prefix kept: `strip: false` on the route. */
  readonly keepsPrefix: boolean;
  /** Whether its pages don't work below a prefix that it does not know of, though all they ask for is led back: their router reads the path. */
  readonly readsPath?: true;
  /** Whether other frameworks build on it, as Angular on Vite: their own requests come a little later. */
  readonly common?: true;
}

const row = (
  name: string,
  asks: RegExp,
  keepsPrefix: boolean,
  setting: (prefix: string) => string,
  answers: RegExp | null = null,
): Framework => ({
  name,
  asks,
  answers,
  keepsPrefix,
  setting: (prefix) => setting(prefix) + keeping(keepsPrefix),
});

const NOTHING = /(?!)/;

/** One that is known by its answers alone. */
const answering = (
  name: string,
  answers: RegExp,
  keepsPrefix: boolean,
  setting: (prefix: string) => string,
): Framework => row(name, NOTHING, keepsPrefix, setting, answers);

const readingPath = (framework: Framework): Framework => ({ ...framework, readsPath: true });

const common = (framework: Framework): Framework => ({ ...framework, common: true });

function keeping(prefix: boolean): string {
  return prefix ? ', and `strip: false` on the route' : '';
}

const FRAMEWORKS: readonly Framework[] = [
  row(
    'Storybook',
    /^\/(?:sb-|iframe\.html|index\.json$)/,
    true,
    (at) => `\`base: '${at}/'\` by \`viteFinal\` in .storybook/main`,
  ),
  row(
    'SvelteKit',
    /^\/(?:\.svelte-kit|_app)\//,
    true,
    (at) => `\`kit.paths.base = '${at}'\` in svelte.config.js`,
  ),
  row(
    'Astro',
    /^\/(?:_astro\/|@id\/astro|node_modules\/astro\/)/,
    true,
    (at) => `\`base: '${at}'\` in astro.config.mjs`,
  ),
  row(
    'Nuxt',
    /^\/_nuxt\//,
    true,
    (at) => `\`app: { baseURL: '${at}/' }\` in nuxt.config.ts, or NUXT_APP_BASE_URL=${at}/`,
    /^x-powered-by: nuxt/i,
  ),
  row(
    'VitePress',
    /^\/(?:@siteData$|\.vitepress\/|(?:@fs\/[^?]*\/)?node_modules\/vitepress\/)/,
    true,
    (at) => `\`base: '${at}/'\` in .vitepress/config`,
  ),
  readingPath(
    row(
      'Angular',
      /^\/(?:(?:polyfills|vendor)(?:[.-]\w+)?\.js$|ng-cli-ws|@ng\/|@fs\/[^?]*\/\.angular\/)/,
      true,
      (at) =>
        `\`escape: script\`, or \`ng serve --serve-path ${at}/\` and \`"baseHref": "${at}/"\` in angular.json`,
    ),
  ),
  common(
    row(
      'Vite',
      /^\/(?:@vite\/|@react-refresh|@fs\/|@id\/|node_modules\/\.vite\/|src\/[^?]*\.(?:[jt]sx?|vue|svelte|css)(?:\?|$))/,
      true,
      (at) => `\`base: '${at}/'\` in vite.config`,
    ),
  ),
  row(
    'Next.js',
    /^\/(?:_next\/|__nextjs)/,
    true,
    (at) => `\`basePath: '${at}'\` in next.config`,
    /^x-powered-by: next\.js/i,
  ),
  readingPath(
    row(
      'Docusaurus',
      /^\/(?:runtime~main\.js|__(?:comp|props)---|assets\/(?:js|css)\/[^/]+\.[0-9a-f]{8}\.|img\/(?:docusaurus|undraw_docusaurus))/,
      true,
      (at) => `\`baseUrl: '${at}/'\` in docusaurus.config`,
    ),
  ),
  row(
    'Create React App',
    /^\/(?:static\/(?:js|css|media)\/|sockjs-node|manifest\.json$)/,
    true,
    (at) => `PUBLIC_URL=${at}, or \`"homepage": "${at}"\` in package.json`,
  ),
  common(
    row(
      'webpack',
      /^\/(?:main|bundle|runtime)(?:\.[0-9a-f]+)?\.js$/,
      true,
      (at) => `\`output: { publicPath: '${at}/' }\` in webpack.config`,
    ),
  ),
  row('socket.io', /^\/socket\.io\//, false, (at) => `\`io({ path: '${at}/socket.io/' })\` in the page`),
  row(
    'Jupyter',
    /^\/(?:static\/(?:lab|notebook|base|components)|lab(?:\/|$)|tree(?:\/|$)|api\/(?:kernels|contents|sessions|kernelspecs|terminals))/,
    true,
    (at) => `\`jupyter lab --ServerApp.base_url=${at}/\``,
  ),
  row(
    'Grafana',
    /^\/(?:public\/build\/|avatar\/|api\/(?:dashboards|datasources|ds)\b)/,
    true,
    (at) => `GF_SERVER_ROOT_URL=%(protocol)s://%(domain)s${at}/ and GF_SERVER_SERVE_FROM_SUB_PATH=true`,
  ),
  row(
    'Prometheus',
    /^\/(?:graph|query|classic\/|static\/(?:js|css|react)|api\/v1\/(?:query|label|series|metadata|targets|rules|status))/,
    false,
    (at) => `\`--web.external-url=http://localhost:3000${at}/ --web.route-prefix=/\``,
    /^x-prometheus-/i,
  ),
  readingPath(
    row(
      'verdaccio',
      /^\/-\/(?:static|verdaccio|web)\//,
      false,
      (at) => `\`url_prefix: ${at}/\` in config.yaml`,
      /^x-powered-by: verdaccio/i,
    ),
  ),
  row(
    'Transmission',
    /^\/transmission\//,
    true,
    () => 'its own path: a route `/transmission` that leads to its port',
    /^server: transmission/i,
  ),
  row(
    'Syncthing',
    /^\/(?:rest\/|syncthing\/|meta\.js$)/,
    false,
    () => 'nothing: it uses relative links',
    /^x-syncthing-version: /i,
  ),
  row(
    'Django',
    /^\/static\/(?:admin|rest_framework)\/|^\/admin\/jsi18n/,
    false,
    (at) => `\`FORCE_SCRIPT_NAME = '${at}'\` and \`STATIC_URL = '${at}/static/'\` in settings.py`,
    /^server: wsgiserver\//i,
  ),
  row(
    'Rails',
    /^\/(?:rails\/|cable$|packs\/|assets\/application-)/,
    true,
    (at) => `RAILS_RELATIVE_URL_ROOT=${at}`,
    /^x-runtime: \d+\.\d+$/i,
  ),
  row('FastAPI', /^\/openapi\.json$/, false, (at) => `\`uvicorn --root-path ${at}\``, /^server: uvicorn/i),
  row(
    'Swagger UI of Spring',
    /^\/(?:swagger-ui\/|v3\/api-docs|webjars\/)/,
    false,
    () => '`server.forward-headers-strategy=framework` in application.properties',
  ),
  answering('Jenkins', /^x-jenkins: /i, true, (at) => `\`--prefix=${at}\` on its command line`),
  answering(
    'Tornado',
    /^server: tornadoserver/i,
    true,
    (at) =>
      `\`jupyter lab --ServerApp.base_url=${at}/\` where it is Jupyter, else \`${at}\` before its handlers`,
  ),
  answering(
    'Flask',
    /^server: werkzeug/i,
    false,
    () => '`app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)` of werkzeug.middleware.proxy_fix',
  ),
  answering('ASP.NET Core', /^server: kestrel/i, true, (at) => `\`app.UsePathBase("${at}")\` in Program.cs`),
  answering(
    'Spring',
    /^(?:x-application-context: |set-cookie: jsessionid=)/i,
    true,
    (at) => `\`server.servlet.context-path=${at}\` in application.properties`,
  ),
  // The last: many of the others stand on it.
  answering('Express', /^x-powered-by: express/i, true, (at) => `\`app.use('${at}', router)\``),
];

/** @param path canonical, as it was asked for outside the prefix. */
export function frameworkOf(path: string): Framework | null {
  return FRAMEWORKS.find(({ asks }) => asks.test(path)) ?? null;
}

/** The applications of routes, by their answers: the newest counts. */
export class Applications {
  readonly #ofRoute = new Map<string, Framework>();

  /** @param route its id @param answer fields of an answer of its service. Remote text. */
  see(route: string, answer: Fields): void {
    const framework = frameworkOfAnswer(answer);
    if (framework !== null) this.#ofRoute.set(route, framework);
  }

  of(route: string): Framework | null {
    return this.#ofRoute.get(route) ?? null;
  }
}

export function frameworkOfAnswer(fields: Fields): Framework | null {
  const lines: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (TELLING.test(fields[i]!)) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  if (lines.length === 0) return null;
  return (
    FRAMEWORKS.find(({ answers }) => answers !== null && lines.some((line) => answers.test(line))) ?? null
  );
}

const TELLING =
  /^(?:server|set-cookie|x-(?:powered-by|runtime|jenkins|syncthing-version|application-context|prometheus-.*))$/i;
