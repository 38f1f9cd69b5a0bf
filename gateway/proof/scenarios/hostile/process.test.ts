import { expect, test } from 'vitest';
import { BareClient } from '../../testing/bare-client.ts';
import { startGatewayProcess } from '../../testing/gateway-process.ts';
import { until } from '../../testing/poll.ts';
import { type Reaction, RecordingService } from '../../testing/recording-service.ts';
import { ask } from './answer-case.ts';
import { answerThemes, requestThemes } from './themes.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('the whole table leaves a real process running, with no descriptor more than before', async () => {
  let turn = 0;
  const answers: readonly Reaction[] = answerThemes.flatMap(([, rows]) => rows);
  const service = await RecordingService.start((target) =>
    target === '/' ? answers[turn++ % answers.length]! : { parts: [OK] },
  );
  const gateway = await startGatewayProcess(`log: { access: false }\nroutes:\n  /db: ${service.port}\n`);
  const descriptors = () => gateway.descriptors().all;
  await talk(gateway.port, [ask.replace('/db/', '/db/warm')]);
  const before = descriptors();
  const rows = [
    ...requestThemes.flatMap(([, theme]) => theme.map(({ sent }) => sent)),
    ...answers.map(() => [ask]),
  ];
  for (let at = 0; at < rows.length; at += 25) {
    await Promise.all(rows.slice(at, at + 25).map((sent) => talk(gateway.port, sent)));
  }
  await until('no descriptor is left over', () => descriptors() <= before);
  expect(gateway.alive).toBe(true);
  await talk(gateway.port, [ask.replace('/db/', '/db/last')]);
  expect(service.whole.at(-1)?.request.target).toBe('/last');
  await service.close();
});

/** Says this, listens for a moment, and leaves. */
async function talk(port: number, sent: readonly string[]): Promise<void> {
  const client = await BareClient.open(port);
  await client.sendParts(sent);
  await client.sees(() => client.read().messages.some(({ status }) => status >= 200), 300);
  client.destroy();
}
