import { runService } from '../kit/run.ts';
import { createDocumentService } from './service.ts';

await runService({ name: 'db', defaultPort: 3001, create: createDocumentService });
