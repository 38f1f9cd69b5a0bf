import { createServer } from 'node:http';
import { httpService } from '../kit/http-service.ts';
import { runService } from '../kit/run.ts';
import { answer } from './answer.ts';

await runService({
  name: 'hello',
  defaultPort: 7777,
  create: (parts) => httpService(createServer(answer), parts),
});
