import type { Logger } from 'pino';
import type { CachesWatcher } from './caches.ts';

/** Tells operators of caches that can't do what the configuration says; the routes are served all the same. */
export function troubleLog(log: Logger): CachesWatcher {
  return {
    unusable: (route, { file }, cause) =>
      log.error(
        { route, file, cause: cause.message },
        "the file of this cache can't be used, so it is kept in memory; name another one, or remove it",
      ),
    broken: (route, { file }, cause) =>
      log.error(
        { route, file, cause: cause.message },
        'this cache could not be read or written, and misses; is the disk full, or the file damaged?',
      ),
  };
}
