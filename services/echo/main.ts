import { runService } from '../kit/run.ts';
import { createEchoService } from './service.ts';

await runService({ name: 'echo', defaultPort: 7001, create: createEchoService });
