import { MetricsText } from './metrics-text.ts';
import { connect, get } from './raw-client.ts';

/** What `GET /metrics` of an admin listener says now. */
export async function scrape(adminPort: number): Promise<MetricsText> {
  const client = await connect(adminPort);
  const answer = await client.exchange(get('/metrics', 'Host: localhost'), 15_000);
  client.destroy();
  const type = answer.head.value('content-type');
  if (answer.status !== 200 || type !== 'text/plain; version=0.0.4; charset=utf-8')
    throw new Error(`${answer.status} ${type}: ${answer.text}`);
  return new MetricsText(answer.text);
}
