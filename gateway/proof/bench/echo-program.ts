import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

// The service behind a tunnel: it agrees to every upgrade and sends back each byte that comes; anything else gets the body.
// Called with port and body.
const [port, body] = process.argv.slice(2);

createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).end(body);
})
  .on('upgrade', ({ headers }, socket, head) => {
    // RFC 6455 §4.2.2; HAProxy looks at it.
    const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`];
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`);
    if (head.length > 0) socket.write(head);
    socket.pipe(socket);
  })
  .listen(Number(port), '127.0.0.1');
