/**
 * Applications that are known by what they ask for outside their prefix: how each is recognised, and the setting that tells it where it
 * stands, so that nothing has to be led back. One row each; the first that fits counts.
 */
export interface Framework {
  readonly name: string;
  /** Of paths that its pages ask for, as if it owned `/`. */
  readonly asks: RegExp;
  /** What to set for a prefix, in its own words. */
  setting(prefix: string): string;
  /** Whether it then wants the prefix kept: `strip: false` on the route. */
  readonly keepsPrefix: boolean;
}

const row = (
  name: string,
  asks: RegExp,
  keepsPrefix: boolean,
  setting: (prefix: string) => string,
): Framework => ({ name, asks, keepsPrefix, setting: (prefix) => setting(prefix) + keeping(keepsPrefix) });

function keeping(prefix: boolean): string {
  return prefix ? ', and `strip: false` on the route' : '';
}

export const FRAMEWORKS: readonly Framework[] = [
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
  ),
  row(
    'Vite',
    /^\/(?:@vite\/|@react-refresh|@fs\/|@id\/|node_modules\/\.vite\/|src\/[^?]*\.(?:[jt]sx?|vue|svelte|css)(?:\?|$))/,
    true,
    (at) => `\`base: '${at}/'\` in vite.config`,
  ),
  row('Next.js', /^\/(?:_next\/|__nextjs)/, true, (at) => `\`basePath: '${at}'\` in next.config`),
  row(
    'Docusaurus',
    /^\/(?:runtime~main\.js|main\.js$|styles\.css$|assets\/(?:js|css)\/[^/]+\.[0-9a-f]{8}\.|img\/(?:docusaurus|undraw_docusaurus))/,
    true,
    (at) => `\`baseUrl: '${at}/'\` in docusaurus.config`,
  ),
  row(
    'Create React App',
    /^\/(?:static\/(?:js|css|media)\/|sockjs-node|manifest\.json$)/,
    true,
    (at) => `PUBLIC_URL=${at}, or \`"homepage": "${at}"\` in package.json`,
  ),
  row(
    'Angular',
    /^\/(?:(?:polyfills|runtime|vendor|main|styles)(?:[.-][\w]+)?\.(?:js|css)$|ng-cli-ws)/,
    true,
    (at) => `\`ng serve --serve-path ${at}/\` and \`"baseHref": "${at}/"\` in angular.json`,
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
  ),
  row(
    'verdaccio',
    /^\/-\/(?:static|verdaccio|web)\//,
    false,
    (at) => `\`url_prefix: ${at}/\` in config.yaml`,
  ),
  row(
    'Transmission',
    /^\/transmission\//,
    true,
    () => 'its own path: a route `/transmission` that leads to its port',
  ),
  row('Syncthing', /^\/(?:rest\/|syncthing\/|meta\.js$)/, false, () => 'nothing: it uses relative links'),
  row(
    'Django',
    /^\/static\/(?:admin|rest_framework)\/|^\/admin\/jsi18n/,
    false,
    (at) => `\`FORCE_SCRIPT_NAME = '${at}'\` and \`STATIC_URL = '${at}/static/'\` in settings.py`,
  ),
  row(
    'Rails',
    /^\/(?:rails\/|cable$|packs\/|assets\/application-)/,
    true,
    (at) => `RAILS_RELATIVE_URL_ROOT=${at}`,
  ),
  row('FastAPI', /^\/openapi\.json$/, false, (at) => `\`uvicorn --root-path ${at}\``),
  row(
    'Swagger UI of Spring',
    /^\/(?:swagger-ui\/|v3\/api-docs|webjars\/)/,
    false,
    () => '`server.forward-headers-strategy=framework` in application.properties',
  ),
];

/** @param path canonical, as it was asked for outside the prefix. */
export function frameworkOf(path: string): Framework | null {
  return FRAMEWORKS.find(({ asks }) => asks.test(path)) ?? null;
}
