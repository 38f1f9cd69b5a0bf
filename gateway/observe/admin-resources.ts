import { FIGURES } from './figures.ts';

/** The resources of the admin listener, for its index, its 404 and docs/admin.md. */
export const adminResources = [
  { path: '/healthz', what: '200 while the process lives.' },
  { path: '/readyz', what: '200 while it takes new requests; else 503, and why.' },
  {
    path: '/config',
    what: 'The configuration in use, compiled, and the problems of a newer one that was refused.',
  },
  {
    path: '/status',
    what: 'The whole of it at one instant, as the dashboard shows it: routes with their traffic, lane and policies, streams, connections, certificates, the file.',
  },
  ...Object.values(FIGURES),
  {
    path: '/certificates',
    what: 'Each name of `tls.acme`: until when its certificate is, when the next order is due, and why the last one failed.',
  },
  {
    path: '/endpoints',
    what: 'Addresses that are drained. POST to /endpoints/drain?address=127.0.0.1:3001 gives that one no new exchanges, to /endpoints/admit again.',
  },
  {
    path: '/services',
    what: 'The processes that `portway dev` runs. /services/NAME/log?tail=20&follow has their lines; POST to /services/NAME/restart begins one anew.',
  },
  {
    path: '/workers',
    what: 'Each process of `workers:`, its state and connections. POST to /workers/replace puts new ones in their places, one by one.',
  },
  {
    path: '/metrics',
    what: 'Everything that is counted, for Prometheus; summed over workers.',
  },
  {
    path: '/exchanges?status=failed&limit=20',
    what: 'The newest exchanges, those that `route`, `status`, `since`, `user`, `method` and `text` mean; kept while somebody looks. /exchanges/ID is one with its fields, tries, and why its route took it; /events tells the status each second, and exchanges as they end.',
  },
  {
    path: '/messages?route=/chat&limit=20',
    what: 'The newest messages of WebSockets and event streams that are looked into; /events?messages=true tells them as they pass.',
  },
  {
    path: '/compare?route=/db&limit=20',
    what: 'How the answers of a compared service were, and the newest that differ, field by field.',
  },
  {
    path: '/draft',
    what: 'The file. POST {"text": "..."} to it to be told what is wrong with that text, or what it would change; PUT with the `hash` that GET says writes it, in `portway dev`.',
  },
  { path: '/schema', what: 'What may stand in the file, as a JSON schema.' },
  { path: '/explain?url=/db/x', what: 'Which route takes a request, why, and what its service will see.' },
].map(({ path, what }) => ({ path, what }));

/** The methods that a path answers to; `null`: there is no such path. */
export function adminMethods(path: string): string | null {
  if (path === '/events') return 'GET';
  if (path === '/send') return 'POST';
  if (path === '/draft') return 'GET, HEAD, POST, PUT';
  if (path === '/explain') return 'GET, HEAD, POST';
  if (path === '/capture') return 'POST, DELETE';
  if (/^\/exchanges\/[^/]+\/replay$/.test(path)) return 'POST';
  if (path === '/cache') return 'GET, HEAD, DELETE';
  if (/^\/endpoints\/(drain|admit)$/.test(path)) return 'POST';
  if (path === '/workers/replace' || /^\/services\/[^/]+\/restart$/.test(path)) return 'POST';
  return path === '/' ||
    /^\/exchanges\/[^/]+$/.test(path) ||
    adminResources.some((resource) => pathOf(resource) === path) ||
    /^\/services\/[^/]+\/log$/.test(path)
    ? 'GET, HEAD'
    : null;
}

function pathOf({ path }: { readonly path: string }): string {
  return path.replace(/\?.*/, '');
}
