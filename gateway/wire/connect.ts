import net from 'node:net';
import tls from 'node:tls';
import { GatewayError } from '../exchange/error-catalog.ts';
import { rescue } from '../exchange/rescue.ts';
import type { DialAddress } from '../model/config.ts';
import type { ReadBuffer } from './read-buffer.ts';
import { faultOfService, serviceTlsOptions } from './service-tls.ts';

export type Connected = (error: GatewayError | null, socket: net.Socket | null) => void;

/**
 * Opens a connection to an endpoint and calls back once, connected (for TLS: after the handshake) or failed.
 * The guarantee of a failure is that nothing of any request was sent.
 *
 * @param timeoutMs for the whole of it: name look-up, every address, TLS handshake.
 * @param read buffer how its bytes come out; left out, or over TLS, it is a stream like any other.
 * @returns gives the attempt up; `done` is not called any more.
 */
export function connect(
  address: DialAddress,
  timeoutMs: number,
  done: Connected,
  readBuffer?: ReadBuffer,
): () => void {
  const socket = open(address, readBuffer);
  const event = address.kind === 'tcp' && address.tls ? 'secureConnect' : 'connect';
  const settle = () => {
    clearTimeout(timer);
    socket.off(event, connected).off('error', failed);
  };
  const connected = () => {
    const fault = faultOfService(address, socket);
    if (fault) return failed(fault);
    settle();
    done(null, socket);
  };
  const failed = (cause: unknown) => {
    settle();
    // A TLS socket may still report an error of the abandoned handshake.
    socket.on('error', () => {}).destroy();
    done(rescue(cause, 'connect'), null);
  };
  // Node's own timers, not undici's: those are coarse below one second.
  const timer = setTimeout(
    () =>
      failed(
        new GatewayError('connection_timeout', `no connection to ${address.key} within ${timeoutMs} ms`),
      ),
    timeoutMs,
  );
  socket.on(event, connected).on('error', failed);
  return () => {
    settle();
    socket.on('error', () => {}).destroy();
  };
}

function open(address: DialAddress, readBuffer: ReadBuffer | undefined): net.Socket {
  const socket = openStream(address, readBuffer);
  if (!(socket instanceof tls.TLSSocket)) readBuffer?.attach(socket);
  return socket;
}

function openStream(address: DialAddress, readBuffer: ReadBuffer | undefined): net.Socket {
  // Half-open is allowed because tunnels carry each direction's end on its own.
  const onread = readBuffer ? { onread: readBuffer.onread } : {};
  if (address.kind === 'unix') return net.connect({ path: address.path, allowHalfOpen: true, ...onread });
  const { host, port, addresses } = address;
  const options = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    allowHalfOpen: true,
    autoSelectFamily: true,
    ...(addresses ? { lookup: fixedLookup(addresses) } : {}),
  };
  if (!address.tls) return net.connect({ ...options, ...onread });
  return tls.connect({ ...options, ...serviceTlsOptions(address) });
}

/** Answers a name look-up from the configuration, so that a bare port never waits for a resolver. */
function fixedLookup(addresses: readonly string[]): net.LookupFunction {
  const all = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, options, callback) => {
    if (options.all) callback(null, all);
    else callback(null, all[0]!.address, all[0]!.family);
  };
}
