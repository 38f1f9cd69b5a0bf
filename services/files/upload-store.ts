import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { DataStore, ERRORS, Upload } from '@tus/server';
import { isFull, uploadsFull } from './storage-problem.ts';
import { isMissing, syncFolder } from './tree.ts';
import type { UploadRecord, UploadRecords } from './upload-records.ts';

/**
 * Where tus keeps uploads that grow: one file each, whose length is the offset, so that what the disk has after a
 * crash is what the client is told. A finished upload has left for the tree, but is still known by its record: a
 * client whose last answer was lost learns that it is done instead of beginning anew.
 */
export class UploadStore extends DataStore {
  readonly folder: string;
  readonly records: UploadRecords;
  readonly keepMs: number;

  constructor(folder: string, records: UploadRecords, keepMs: number) {
    super();
    this.extensions = [
      'creation',
      'creation-with-upload',
      'creation-defer-length',
      'termination',
      'expiration',
    ];
    this.folder = folder;
    this.records = records;
    this.keepMs = keepMs;
  }

  pathOf(id: string): string {
    return join(this.folder, id);
  }

  override async create(upload: Upload): Promise<Upload> {
    const createdAt = Date.now();
    await (await open(this.pathOf(upload.id), 'wx')).close();
    await syncFolder(this.folder);
    const { id, size = null, metadata = {} } = upload;
    this.records.add({ id, size, metadata, createdAt, finished: false });
    upload.creation_date = new Date(createdAt).toISOString();
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const record = this.records.get(id);
    if (!record) throw ERRORS.FILE_NOT_FOUND;
    return new Upload({
      id,
      offset: await this.offsetOf(record),
      ...(record.size === null ? {} : { size: record.size }),
      metadata: record.metadata,
      creation_date: new Date(record.createdAt).toISOString(),
    });
  }

  /** Appends what comes, and has it on the disk before it resolves; what came before a failure stays, to go on from. */
  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    const handle = await open(this.pathOf(id), 'r+');
    let position = offset;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (let done = 0; done < chunk.length; ) {
          done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
        }
        position += chunk.length;
      }
      await handle.sync();
      return position;
    } catch (error) {
      throw isFull(error) ? uploadsFull() : error;
    } finally {
      await handle.close();
    }
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    this.records.setSize(id, size);
  }

  override async remove(id: string): Promise<void> {
    if (!this.records.get(id)) throw ERRORS.FILE_NOT_FOUND;
    await rm(this.pathOf(id), { force: true });
    this.records.remove(id);
  }

  override async deleteExpired(): Promise<number> {
    const expired = this.records.all().filter((record) => record.createdAt + this.keepMs < Date.now());
    for (const record of expired) await this.remove(record.id);
    return expired.length;
  }

  override getExpiration(): number {
    return this.keepMs;
  }

  private async offsetOf(record: UploadRecord): Promise<number> {
    if (record.finished) return record.size ?? 0;
    try {
      return (await stat(this.pathOf(record.id))).size;
    } catch (error) {
      throw isMissing(error) ? ERRORS.FILE_NO_LONGER_EXISTS : error;
    }
  }
}
