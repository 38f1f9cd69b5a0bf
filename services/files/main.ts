import { runService } from '../kit/run.ts';
import { createFileService } from './service.ts';

await runService({ name: 'files', defaultPort: 3002, create: createFileService });
