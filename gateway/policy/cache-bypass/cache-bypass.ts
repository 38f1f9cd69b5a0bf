/**
 * Why the cache has no say in a request (RFC 9211 §2.2); `null`: it has.
 * @param fields by their names in lower case
 */
export function bypassReason(method: string, fields: object, hasBody: boolean): 'method' | 'bypass' | null {
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  // Some frameworks take an underscore for a hyphen.
  if (hasBody) return 'bypass';
  for (const name in fields)
    if (PASSED_BY.has(name.includes('_') ? name.replaceAll('_', '-') : name)) return 'bypass';
  return null;
}

/** Whether the method may change the resource (RFC 9110 §9.2.1). */
export function isUnsafe(method: string): boolean {
  return !SAFE.has(method);
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Fields that bypass the cache. Conditions on the state of the resource are for the service to evaluate (RFC 9111 §4.3.2). With the others,
 * as with a body, some services let a client ask for something else than its URL says; that must not be kept under the URL for everybody.
 */
const PASSED_BY: ReadonlySet<string> = new Set([
  'if-match',
  'if-unmodified-since',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-host',
  'x-http-host-override',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-forwarded-protocol',
  'x-forwarded-ssl',
  'x-forwarded-path',
  'x-forwarded-uri',
  'x-url-scheme',
  'front-end-https',
  'x-client-ip',
]);
