/** Examines what answers at a service's address, with one GET for `/`. */

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type Speech =
  /** Nothing accepts a connection. */
  | { readonly kind: 'dead' }
  | { readonly kind: 'http'; readonly status: number; readonly head: string; readonly body: string }
  /** `problem`: why its certificate would be refused; `null`: it is in order. */
  | { readonly kind: 'tls'; readonly problem: string | null }
  /** It accepts connections and speaks another protocol, or closes them. `silent`: it sends nothing in time, so the protocol is unknown. */
  | { readonly kind: 'other'; readonly silent: boolean };

/** Where to ask: an address and port, or the path of a socket. */
export type DialTarget = { readonly host: string; readonly port: number } | { readonly path: string };

const ASKED_BYTES_MAX = 64 * 1024;
const WITHIN_MS = 2_000;

/** @param name for the Host field and, with TLS, the certificate. */
export async function speechAt(target: DialTarget, name: string, withinMs = WITHIN_MS): Promise<Speech> {
  const answer = await answerTo(target, name, withinMs);
  if (answer === null) return { kind: 'dead' };
  const { said, late } = answer;
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(said)?.[1] ?? Number.NaN);
  // Go and nginx answer in plain HTTP that they expect TLS.
  const plain = !Number.isNaN(status) && !(status === 400 && /https/i.test(said));
  if (plain) {
    const end = said.indexOf('\r\n\r\n');
    return { kind: 'http', status, head: said.slice(0, end), body: said.slice(end + 4) };
  }
  return (await tlsAt(target, name, withinMs)) ?? { kind: 'other', silent: late && said === '' };
}

interface Answer {
  /** Its first bytes, as latin-1. */
  readonly said: string;
  /** It was not over in time. */
  readonly late: boolean;
}

/** `null`: nothing listens. */
function answerTo(target: DialTarget, name: string, withinMs: number): Promise<Answer | null> {
  const { promise, resolve } = Promise.withResolvers<Answer | null>();
  let said = '';
  let connected = false;
  const socket = connect(target);
  const end = (late = false) => {
    socket.destroy();
    resolve(connected ? { said, late } : null);
  };
  const timer = setTimeout(() => end(true), withinMs);
  socket.once('connect', () => {
    // A socket connected to itself has reached nothing (port-probe.ts).
    connected = !('port' in target) || socket.localPort !== target.port;
    socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
  });
  socket.setEncoding('latin1').on('data', (text) => {
    said += text;
    if (said.length > ASKED_BYTES_MAX) end();
  });
  socket.once('error', () => end()).once('close', () => end());
  return promise.finally(() => clearTimeout(timer));
}

function tlsAt(target: DialTarget, name: string, withinMs: number): Promise<Speech | null> {
  const { promise, resolve } = Promise.withResolvers<Speech | null>();
  const servername = name.replace(/:\d+$/, '');
  const named = /[a-z]/i.test(servername) && !servername.includes(':') && { servername };
  const socket = connectTls({ ...target, ...named, rejectUnauthorized: false }, () => {
    const { authorizationError: problem } = socket;
    resolve({ kind: 'tls', problem: problem ? String((problem as Error).message ?? problem) : null });
  });
  const timer = setTimeout(() => resolve(null), withinMs);
  (socket as Socket).once('error', () => resolve(null)).once('close', () => resolve(null));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
