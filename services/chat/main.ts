import { runService } from '../kit/run.ts';
import { createChatService } from './service.ts';

await runService({ name: 'chat', defaultPort: 3004, create: createChatService });
