import { runService } from '../kit/run.ts';
import { createImageService } from './service.ts';

await runService({ name: 'images', defaultPort: 3003, create: createImageService });
