import { expect, test } from 'vitest';
import { activeExchanges } from './metrics-text.ts';

const text = `# HELP http_server_active_requests Exchanges under way.
# TYPE http_server_active_requests gauge
http_server_active_requests{route="/a"} 2
http_server_active_requests{route="/b{x}"} 1
http_server_active_requests_max 9
`;

test('what is under way is the sum over all routes', () => {
  expect(activeExchanges(text)).toBe(3);
});

test('a gateway that does not tell has no number', () => {
  expect(activeExchanges('up 1\n')).toBe(null);
});
