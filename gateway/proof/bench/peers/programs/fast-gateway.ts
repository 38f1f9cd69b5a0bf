import gateway from 'fast-gateway';
import { proxyArguments } from './arguments.ts';

const { port, origin, pathPrefix } = proxyArguments();

await gateway({ routes: [{ prefix: pathPrefix, target: origin }] }).start(port, '127.0.0.1');
