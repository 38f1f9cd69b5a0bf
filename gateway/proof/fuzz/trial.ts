import { BareClient } from '../testing/bare-client.ts';
import { succeeds, until } from '../testing/poll.ts';
import type { Received } from '../testing/recording-service.ts';
import {
  type Reading,
  readAnswers,
  readRequests,
  type StrictAnswer,
  type StrictRequest,
} from '../testing/strict-reader.ts';
import type { ClientCase, FuzzCase, ServiceCase } from './case.ts';
import { type GatewayUnderFire, plainAnswer } from './gateway-under-fire.ts';
import { type Arrival, checkAnswers, checkArrivals, type Finding, isOwn } from './oracle.ts';

/** The outcome of a case: the client's view, for the statistics, and the finding. */
export interface Outcome {
  readonly seen: string;
  readonly finding: Finding | null;
}

/** Plays one case on a gateway without other clients, and judges it. */
export async function tryCase(gateway: GatewayUnderFire, one: FuzzCase): Promise<Outcome> {
  takeAll(gateway);
  const outcome = one.from === 'client' ? await tryClient(gateway, one) : await tryService(gateway, one);
  const { ended } = gateway;
  return ended === null ? outcome : { seen: 'exit', finding: { kind: 'the gateway ended', detail: ended } };
}

async function tryClient(gateway: GatewayUnderFire, { parts }: ClientCase): Promise<Outcome> {
  gateway.react = plainAnswer;
  const sent = readRequests(Buffer.from(parts.join(''), 'latin1'));
  const client = await BareClient.open(gateway.port);
  await client.sendParts(parts);
  const doubtful = sent.refused !== null || sent.unfinished || sent.rest.length > 0;
  const done = () => !doubtful && finalsOf(client.read()).length >= sent.messages.length;
  const inTime = await client.sees(done, doubtful ? DOUBT_MS : HANG_MS);
  const answers = client.read();
  client.destroy();
  await passedBehind(gateway);
  const released = await settled(gateway);
  const seen = summary(answers);
  if (!inTime && !doubtful)
    return { seen: 'hang', finding: { kind: 'it hangs', detail: `answered: ${seen}` } };
  if (!released)
    return {
      seen: 'hang',
      finding: { kind: 'it hangs', detail: 'a service waits for the rest of a request' },
    };
  return { seen, finding: checkClient(gateway, sent, answers) };
}

function checkClient(
  gateway: GatewayUnderFire,
  sent: Reading<StrictRequest>,
  answers: Reading<StrictAnswer>,
): Finding | null {
  const arrivals = takeAll(gateway);
  const most =
    sent.messages.length + (sent.refused !== null || sent.unfinished || sent.rest.length > 0 ? 1 : 0);
  return (
    ambiguous(gateway) ??
    checkArrivals(sent.messages, arrivals) ??
    (sent.messages.some(isUnreadHead) ? null : checkAnswers(answers, most)) ??
    checkOwners(answers, arrivals)
  );
}

/** Node gives a head up that is too long without telling its method: the 431 to such a HEAD has a body, and ends the connection. */
function isUnreadHead({ method, start, end }: StrictRequest): boolean {
  return method === 'HEAD' && end - start > 15_000;
}

/** The service echoes each target in its answer: they must come back in that order. */
function checkOwners({ messages }: Reading<StrictAnswer>, arrivals: readonly Arrival[]): Finding | null {
  const bodies = messages
    .filter((answer) => answer.status === 200 && !isOwn(answer))
    .map(({ body }) => String(body));
  let next = 0;
  for (const body of bodies) {
    // The answer to HEAD, and to what the gateway answers itself (its own page, OPTIONS *).
    if (body === '' || body.startsWith('<') || body.startsWith('{')) continue;
    while (next < arrivals.length && arrivals[next]!.recorded.request.target !== body) next++;
    if (next++ >= arrivals.length)
      return { kind: 'an answer of somebody else', detail: JSON.stringify(body.slice(0, 400)) };
  }
  return null;
}

async function tryService(gateway: GatewayUnderFire, one: ServiceCase): Promise<Outcome> {
  gateway.react = (target) =>
    target === '/1' ? { parts: one.parts, ...(one.ends && { ends: one.ends }) } : plainAnswer(target);
  const client = await BareClient.open(gateway.port);
  const length = one.method === 'POST' ? 'Content-Length: 0\r\n' : '';
  await client.sendParts([`${one.method} /a/1 HTTP/1.1\r\nHost: gateway.test\r\n${length}\r\n`]);
  const first = await answered(client, 1);
  if (!first) return { seen: 'hang', finding: { kind: 'it hangs', detail: 'no answer, and no end' } };
  await client.sendParts(['GET /a/2 HTTP/1.1\r\nHost: gateway.test\r\n\r\n']);
  await answered(client, 2);
  const answers = client.read();
  client.destroy();
  await passedBehind(gateway);
  await settled(gateway);
  takeAll(gateway);
  return { seen: summary(answers), finding: ambiguous(gateway) ?? checkService(one, answers) };
}

async function answered(client: BareClient, count: number): Promise<boolean> {
  return client.sees(() => finalsOf(client.read()).length >= count, HANG_MS);
}

/** An answer that the client took for whole must be whole in the bytes of the service; the answer to the second request must be its own. */
function checkService(one: ServiceCase, answers: Reading<StrictAnswer>): Finding | null {
  const malformed = checkAnswers(answers, 2);
  if (malformed !== null) return malformed;
  const [first, second] = finalsOf(answers);
  if (second && !isOwn(second) && String(second.body) !== '/2')
    return { kind: 'an answer of somebody else', detail: JSON.stringify(String(second.body).slice(0, 400)) };
  if (first === undefined || isOwn(first)) return null;
  const said = one.parts.join('');
  if (isSaid(said, one, first)) return null;
  const detail = `${first.status} ${JSON.stringify(String(first.body).slice(0, 200))}`;
  return { kind: 'an answer was made whole', detail };
}

/** Whatever the gateway would have done with the bytes of a case, it has done when an exchange behind it is over, with each service. */
async function passedBehind({ port }: GatewayUnderFire): Promise<void> {
  for (const prefix of ['/a', '/b']) {
    const client = await BareClient.open(port);
    await client.sendParts([`GET ${prefix}${SENTINEL} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`]);
    await client.sees(() => client.read().messages.length > 0, HANG_MS);
    client.destroy();
  }
}

function isSaid(text: string, { method, ends }: ServiceCase, first: StrictAnswer): boolean {
  const [said] = finalsOf(readAnswers(Buffer.from(text, 'latin1'), [method, 'GET'], ends === 'fin'));
  return said !== undefined && said.status === first.status && said.body.equals(first.body);
}

function finalsOf({ messages }: Reading<StrictAnswer>): StrictAnswer[] {
  return messages.filter(({ status }) => status >= 200 || status === 101);
}

function summary(answers: Reading<StrictAnswer>): string {
  const statuses = finalsOf(answers).map(({ status }) => String(status));
  if (answers.unfinished) statuses.push('truncated');
  return statuses.at(0) ?? 'nothing';
}

/** Waits until no service is in the middle of a request: the client has left, so its requests must end. */
async function settled({ services }: GatewayUnderFire): Promise<boolean> {
  const midway = () => Object.values(services).some((service) => service.midway);
  return succeeds(until('no service is midway', () => !midway(), HANG_MS));
}

function ambiguous({ services }: GatewayUnderFire): Finding | null {
  const [fault] = Object.values(services).flatMap((service) => service.faults.splice(0));
  return fault === undefined ? null : { kind: 'something ambiguous was forwarded', detail: fault };
}

function takeAll({ services }: GatewayUnderFire): Arrival[] {
  const of = (prefix: '/a' | '/b'): Received => services[prefix].take();
  return (['/a', '/b'] as const)
    .flatMap((prefix) => of(prefix).whole.map((recorded) => ({ prefix, recorded })))
    .filter(({ recorded }) => recorded.request.target !== SENTINEL)
    .sort((one, other) => one.recorded.at - other.recorded.at);
}

const SENTINEL = '/sentinel';
/** How long a client waits whose bytes are not plainly right: for an answer, or for nothing. */
const DOUBT_MS = 30;
const HANG_MS = 3_000;
