import { createServer } from 'node:net';

// The cheapest service there can be: each read is taken for one request (the gateway pipelines none), and gets the same answer. Called with its port.
const body = 'x'.repeat(100);
const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(answer, 'latin1')).on('error', () => {});
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
