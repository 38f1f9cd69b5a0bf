import { readInteger } from '../kit/environment.ts';
import { httpService } from '../kit/http-service.ts';
import { addPageFiles } from '../kit/page.ts';
import type { Service, ServiceParts } from '../kit/service.ts';
import { createWebApp } from '../kit/web-app.ts';
import { createDigestCache } from './digest.ts';
import { addFileRoutes } from './file-routes.ts';
import { createFileStore } from './file-store.ts';
import { openTree } from './tree.ts';
import { addUploadRoutes } from './upload-routes.ts';

/** The file server. `FILES_MAX_BYTES` limits one file; without it the disk does. */
export async function createFileService(parts: ServiceParts): Promise<Service> {
  const tree = await openTree(parts.environment.dataDir);
  const store = createFileStore(tree);
  const app = createWebApp({ log: parts.log });
  addPageFiles(app, `${import.meta.dirname}/page`);
  const fileMaxBytes = readFileMaxBytes();
  const { dataDir } = parts.environment;
  const closeUploads = await addUploadRoutes(app, { dataDir, store, fileMaxBytes, log: parts.log });
  addFileRoutes(app, { tree, store, digests: createDigestCache(), fileMaxBytes });
  await app.ready();
  return httpService(app.server, parts, { close: closeUploads });
}

function readFileMaxBytes(): number {
  const limits = { value: Number.MAX_SAFE_INTEGER, from: 1, to: Number.MAX_SAFE_INTEGER };
  return readInteger(process.env, 'FILES_MAX_BYTES', limits);
}
