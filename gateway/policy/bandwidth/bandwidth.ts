import { policyWithKey } from '../policy.ts';
import { bandwidthForm, bandwidthRow } from './keys.ts';
import type { Paces } from './paces.ts';

/** Bodies and tunnels of a party go no faster than it may. */
export const bandwidth = policyWithKey('bandwidth', {
  does: 'Bodies and WebSockets go no faster than `bandwidth` says; a request of a party that is ahead of it waits, and is 429 where that would take too long.',
  row: bandwidthRow,
  forms: { bandwidth: bandwidthForm },
  shown: (settings) => settings,
  bind: (settings) => {
    if (settings === null || (settings.answers === null && settings.requests === null)) return null;
    let paces: Paces | null = null;
    return {
      async open(kept, route) {
        const { Paces: Opened } = await import('./paces.ts');
        const opened = new Opened(route, settings, kept);
        paces = opened;
        return () => opened.close();
      },
      request(exchange) {
        if (paces === null) throw new Error('bandwidth was not opened');
        return paces.admit(exchange);
      },
      foresee: () => ({ status: null, says: `at most ${settings.text}; what is more waits` }),
    };
  },
});
