import { setTimeout as pause } from 'node:timers/promises';
import { webSocketAccept } from '../../testing/websocket.ts';
import { answerHead, type ServiceExchange } from './exchange.ts';

/** Whether the connection may carry another request. */
type Outcome = 'again' | 'over';

/** How a path of the service treats a request. */
export type Behaviour = (exchange: ServiceExchange) => Promise<Outcome>;

const pieceBytes = 64 * 1024;

/** By the first segment of the path. Numbers in the query are milliseconds and bytes. */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  /** `bytes` of answer, `after` a while. */
  async ok(exchange) {
    await exchange.body();
    await pause(exchange.number('after', 0));
    await exchange.answer(exchange.number('status', 200), [], bodyOf(exchange));
    return 'again';
  },

  /** A cache may keep it for `age` seconds; path and `bytes` determine its body. */
  async cacheable(exchange) {
    const fields = [`Cache-Control: public, max-age=${exchange.number('age', 60)}`];
    await exchange.answer(200, fields, bodyOf(exchange));
    return 'again';
  },

  async reset(exchange) {
    exchange.wire.reset();
    return 'over';
  },

  async fin(exchange) {
    exchange.wire.destroy();
    return 'over';
  },

  /** The first request of a connection is answered, and the next one finds it dead: what a service does that closes an idle connection. */
  async kept(exchange) {
    if (exchange.before > 0) return behaviours[exchange.word('by', 'fin')]!(exchange);
    await exchange.answer(200, [], 'ok');
    return 'again';
  },

  /** Answered, and closed a moment later, without a word: a request that is sent meanwhile finds it dead. */
  async brief(exchange) {
    await exchange.body();
    await exchange.answer(200, [], 'ok');
    setTimeout(() => exchange.wire.destroy(), exchange.number('for', 5));
    return 'again';
  },

  /** One byte of the head after the other. */
  async 'slow-head'(exchange) {
    return drip(exchange, answerHead(200, ['Content-Length: 0']));
  },

  /** The head, and then one byte of the body after the other. */
  async 'slow-body'(exchange) {
    await exchange.wire.send(answerHead(200, [`Content-Length: ${exchange.number('bytes', 2)}`]));
    return drip(exchange, 'x'.repeat(exchange.number('bytes', 2)));
  },

  /** No answer at all; `bytes` of one where there are any. */
  async stall(exchange) {
    const bytes = exchange.number('bytes', 0);
    if (bytes > 0) await exchange.wire.send(answerHead(200, ['Content-Length: 1000000']) + 'x'.repeat(bytes));
    await exchange.untilLeft();
    return 'over';
  },

  /** Half of an answer, and then `by` reset, by fin, or by the death of the process. */
  async cut(exchange) {
    await exchange.wire.send(answerHead(200, ['Content-Length: 1000']) + 'x'.repeat(500));
    if (exchange.word('by', 'fin') === 'death') process.kill(process.pid, 'SIGKILL');
    await pause(20);
    return behaviours[exchange.word('by', 'fin')]!(exchange);
  },

  /** A whole answer and the end of our direction; the other one is kept open for ever. */
  async 'half-close'(exchange) {
    await exchange.wire.send(`${answerHead(200, ['Connection: close', 'Content-Length: 2'])}ok`);
    exchange.wire.fin();
    await exchange.untilLeft();
    return 'over';
  },

  /** `bytes` of answer, as fast as they are taken. */
  async large(exchange) {
    await exchange.wire.send(answerHead(200, [`Content-Length: ${exchange.number('bytes', 0)}`]));
    await pour(exchange, exchange.number('bytes', 0));
    return 'again';
  },

  /** Takes the request's body, and says how long it was. */
  async take(exchange) {
    try {
      await exchange.answer(200, [], String(await exchange.body()));
      return 'again';
    } catch (error) {
      exchange.noteLeft();
      throw error;
    }
  },

  /** An echo of raw bytes behind 101; with `bytes`, so many of them first. */
  async socket(exchange) {
    await exchange.wire.send(agreement());
    await pour(exchange, exchange.number('bytes', 0));
    await echo(exchange);
    return 'over';
  },
};

function bodyOf(exchange: ServiceExchange): Buffer {
  const path = exchange.head.target.replace(/\?.*/, '');
  return Buffer.alloc(exchange.number('bytes', 2), `${path} `);
}

async function drip(exchange: ServiceExchange, text: string): Promise<Outcome> {
  for (const byte of text) {
    await exchange.wire.send(byte);
    const left = await Promise.race([
      pause(exchange.number('every', 100)),
      exchange.untilLeft().then(() => 'left'),
    ]);
    if (left === 'left') break;
  }
  return 'over';
}

async function pour(exchange: ServiceExchange, bytes: number): Promise<void> {
  const piece = Buffer.alloc(pieceBytes, 'x');
  for (let sent = 0; sent < bytes && exchange.wire.ended === null; sent += piece.length) {
    await exchange.wire.send(piece.subarray(0, Math.min(piece.length, bytes - sent)));
    if (exchange.wire.socket.destroyed) return;
  }
}

async function echo({ wire }: ServiceExchange): Promise<void> {
  const { socket } = wire;
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('close', resolve);
    socket.pipe(socket);
  });
}

function agreement(): string {
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${webSocketAccept}`];
  return answerHead(101, fields);
}
