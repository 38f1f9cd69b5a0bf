import { createCommitQueue } from '../kit/commit-queue.ts';
import { httpService } from '../kit/http-service.ts';
import type { Service, ServiceParts } from '../kit/service.ts';
import { createWebApp } from '../kit/web-app.ts';
import { addBatchRoute } from './batch.ts';
import { createChangeFeed } from './change-feed.ts';
import { createChangeLog } from './change-log.ts';
import { addChangeRoutes } from './change-routes.ts';
import { addCollectionRoutes } from './collection-routes.ts';
import { openDatabase } from './database.ts';
import { addDocumentRoutes } from './document-routes.ts';
import { createDocumentStore } from './store.ts';
import { addTransferRoutes } from './transfer.ts';

// Deletions that the change feed remembers; pruned at each start. A reader from before the oldest begins anew.
const tombstonesKept = 1_000_000;

/** The document store: SQLite below, HTTP above, and a commit queue between requests and the disk. */
export async function createDocumentService(parts: ServiceParts): Promise<Service> {
  const database = openDatabase(parts.environment.dataDir);
  const store = createDocumentStore(database);
  const queue = createCommitQueue(database);
  const log = createChangeLog(database, store.lastVersion);
  const feed = createChangeFeed(log, queue);
  const app = createWebApp({ log: parts.log });
  addCollectionRoutes(app, database, { store, queue });
  addDocumentRoutes(app, { store, queue });
  addBatchRoute(app, { store, queue });
  addTransferRoutes(app, database, { store, queue });
  addChangeRoutes(app, { log, feed });
  await queue.commit(() => log.prune(tombstonesKept));
  await app.ready();
  return httpService(app.server, parts, {
    beginDrain: feed.close,
    async close() {
      await queue.idle();
      database.close();
    },
  });
}
