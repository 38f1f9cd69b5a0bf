/** The environment's variables that mean something to the configuration without being named in it. */

/** Hosts of bare ports: `gateway-hosts.ts`. */
export const GATEWAY_HOSTS = 'GATEWAY_HOSTS';

/** The default of `host`: set by a container's image, so that the short form works there, too. */
export const PORTWAY_HOST = 'PORTWAY_HOST';

/** The key that commands present to an admin listener. */
export const PORTWAY_ADMIN_KEY = 'PORTWAY_ADMIN_KEY';

/** Whether a problem's `file` is a variable. */
export function isVariable(file: string): boolean {
  return file === GATEWAY_HOSTS || file === PORTWAY_HOST;
}
