import { createCommitQueue } from '../kit/commit-queue.ts';
import type { ServiceEnvironment } from '../kit/environment.ts';
import { httpService } from '../kit/http-service.ts';
import type { Logger } from '../kit/log.ts';
import type { Service } from '../kit/service.ts';
import { createWebApp } from '../kit/web-app.ts';
import { addCollectionRoutes } from './collection-routes.ts';
import { openDatabase } from './database.ts';
import { addDocumentRoutes } from './document-routes.ts';
import { createDocumentStore } from './store.ts';

/** The document store: SQLite below, HTTP above, and a commit queue between what comes in and the disk. */
export async function createDocumentService(parts: {
  readonly environment: ServiceEnvironment;
  readonly log: Logger;
}): Promise<Service> {
  const database = openDatabase(parts.environment.dataDir);
  const store = createDocumentStore(database);
  const queue = createCommitQueue(database);
  const app = createWebApp({ log: parts.log });
  addCollectionRoutes(app, database, { store, queue });
  addDocumentRoutes(app, { store, queue });
  await app.ready();
  return httpService(app.server, parts.log, {
    async close() {
      await queue.idle();
      database.close();
    },
  });
}
