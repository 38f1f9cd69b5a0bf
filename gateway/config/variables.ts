/** The environment's variables that mean something to the configuration without being named in it. */

/** Hosts of bare ports: `gateway-hosts.ts`. */
export const GATEWAY_HOSTS = 'GATEWAY_HOSTS';

/** What `host` is where the file does not say: a container's image sets it, so that the short form serves there too. */
export const PORTWAY_HOST = 'PORTWAY_HOST';

/** What commands show a gateway whose admin listener asks for a key. */
export const PORTWAY_ADMIN_KEY = 'PORTWAY_ADMIN_KEY';

/** Whether a problem's `file` is a variable. */
export function isVariable(file: string): boolean {
  return file === GATEWAY_HOSTS || file === PORTWAY_HOST;
}
