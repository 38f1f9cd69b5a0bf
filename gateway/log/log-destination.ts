import { openSync, write as writeFile, writeSync } from 'node:fs';

/**
 * Writes log lines in batches, without waiting.
 *
 * Guarantees: lines are whole and in order (except for a process that ends in the middle of a write to a slow reader); memory stays below
 * about twice `backlogMaxChars`, however slow the reader; a reader that left or a full disk costs lines, never the process, and the number
 * of lost lines is written as soon as writing works again; a process that ends writes its last lines first, and ends when they can't be
 * written. (sonic-boom 4.2 repeats a failed last write for ever: with a full disk behind stdout, or a reader that left, the process never
 * ends.)
 */
export interface LogDestination {
  write(line: string): void;
  /** Calls back when everything written before has been handed to the system, or has been given up. */
  flush(done?: () => void): void;
  /** The same at once, for a process that is about to end. */
  flushSync(): void;
}

export interface LogDestinationOptions {
  /** The line about lost lines, with its line end. */
  readonly lossNotice: (lines: number) => string;
  /** Whether other processes write into the same pipe: then each write is as small as the system keeps whole. Default: no. */
  readonly shared?: boolean;
  /** How much is gathered before it is written. */
  readonly batchChars?: number;
  /** How long a line waits for others. */
  readonly delayMs?: number;
  readonly backlogMaxChars?: number;
  /** How long the end of the process waits for a non-blocking reader to take more. */
  readonly exitTimeoutMs?: number;
}

/** A pipe whose reader is slow is asked again after this time. */
const RETRY_MS = 20;

/** More than a thread needs for a batch that the system takes at once. */
const HEAD_START_MS = 10;

/** @param target a file descriptor, or the path of a file to append to. */
export function openLogDestination(target: number | string, options: LogDestinationOptions): LogDestination {
  const {
    lossNotice,
    shared = false,
    // Each batch costs a hop to another thread and back: some 10 µs of CPU, which many lines should share.
    batchChars = shared ? PIPE_BUF : 256 * 1024,
    delayMs = 200,
    backlogMaxChars = 4 << 20,
    exitTimeoutMs = 1000,
  } = options;
  const fd = typeof target === 'number' ? target : openSync(target, 'a');
  // As bytes: text that waits for its batch is copied by each collection of V8's, in all the pieces that it was put together of.
  let room = newRoom(batchChars);
  let gathered = 0;
  /** A buffer for reuse; `null`: it is being written. */
  let spare: Buffer | null = null;
  let lost = 0;
  /** Bytes of the current write. */
  let outgoing: Buffer | null = null;
  /** The end of `outgoing` that it has not been asked for yet. */
  let behind: Buffer = NOTHING;
  /** `outgoing` waits for its next try; it is not in the hands of the system. */
  let retry: NodeJS.Timeout | null = null;
  let timer: NodeJS.Timeout | null = null;
  let waiting: (() => void)[] = [];

  function write(line: string): void {
    if (gathered + line.length > backlogMaxChars) {
      lost += 1;
      return;
    }
    // Only while something is unwritten does the process have to be stopped from ending without it.
    if (gathered === 0 && outgoing === null) process.on('exit', flushSync);
    if (gathered + UTF8_MAX * line.length > room.length) room = grown(room, gathered, line.length);
    gathered += room.write(line, gathered);
    if (outgoing !== null) return;
    if (gathered >= batchChars) startBatch();
    else if (timer === null) timer = setTimeout(startBatch, delayMs).unref();
  }

  function startBatch(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (gathered === 0) settle();
    else {
      outgoing = takeGathered();
      pushOut(outgoing);
    }
  }

  /** Lines that came during a write wait like the first line did; otherwise a busy gateway would write in each turn of its loop. */
  function goOn(): void {
    if (gathered === 0 || gathered >= batchChars || waiting.length > 0) startBatch();
    else timer ??= setTimeout(startBatch, delayMs).unref();
  }

  function takeGathered(): Buffer {
    const notice = lost > 0 ? lossNotice(lost) : '';
    const lines = room.subarray(0, gathered);
    room = spare ?? newRoom(batchChars);
    spare = null;
    lost = 0;
    gathered = 0;
    return notice === '' ? lines : Buffer.concat([Buffer.from(notice), lines]);
  }

  function pushOut(bytes: Buffer): void {
    retry = null;
    const end = shared ? wholeLines(bytes) : bytes.length;
    behind = bytes.subarray(end);
    writeFile(fd, bytes, 0, end, null, (error, written) => {
      const left = bytes.subarray(error === null ? written : 0, end + behind.length);
      if (error === null && left.length > 0) resume(left, 0);
      else if (error !== null && isBusy(error)) resume(left, RETRY_MS);
      else {
        if (error !== null) lost += countLines(left);
        outgoing = null;
        spare = roomOf(bytes, batchChars);
        goOn();
      }
    });
  }

  function resume(rest: Buffer, afterMs: number): void {
    outgoing = rest;
    if (afterMs === 0) pushOut(rest);
    else retry = setTimeout(pushOut, afterMs, rest).unref();
  }

  function settle(): void {
    process.off('exit', flushSync);
    const callbacks = waiting;
    waiting = [];
    for (const callback of callbacks) callback();
  }

  function flush(done?: () => void): void {
    if (done !== undefined) waiting.push(done);
    if (outgoing === null) startBatch();
  }

  function flushSync(): void {
    const parts: Buffer[] = [];
    if (outgoing !== null && retry === null) {
      // A thread is writing these bytes, and finishes even if the process exits. Let it go first, as far as can be.
      pause(HEAD_START_MS);
      parts.push(behind);
      behind = NOTHING;
    } else if (outgoing !== null && retry !== null) {
      clearTimeout(retry);
      retry = null;
      parts.push(outgoing);
      outgoing = null;
    }
    const last = gathered > 0 ? takeGathered() : NOTHING;
    lost += countLines(writeAllSync(fd, Buffer.concat([...parts, last]), exitTimeoutMs, shared));
    spare ??= roomOf(last, batchChars);
    if (outgoing === null) startBatch();
  }

  return { write, flush, flushSync };
}

/** For a batch, and for the line that makes it full. */
function newRoom(batchChars: number): Buffer {
  return Buffer.allocUnsafeSlow(batchChars + LINE_ROOM);
}

const LINE_ROOM = 16 * 1024;
/** Bytes of a character, at most. */
const UTF8_MAX = 3;

function grown(room: Buffer, used: number, lineChars: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(2 * room.length + UTF8_MAX * lineChars);
  room.copy(larger, 0, 0, used);
  return larger;
}

/** The room in which a batch that is written lay; one that a slow reader has made large goes. */
function roomOf({ buffer }: Buffer, batchChars: number): Buffer | null {
  return buffer.byteLength === batchChars + LINE_ROOM ? Buffer.from(buffer) : null;
}

/** @returns bytes that could not be written in time */
function writeAllSync(fd: number, bytes: Buffer, timeoutMs: number, shared: boolean): Buffer {
  const deadline = performance.now() + timeoutMs;
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest, 0, shared ? wholeLines(rest) : rest.length));
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) return rest;
      pause(RETRY_MS);
    }
  }
  return rest;
}

/** How many bytes make as many whole lines as a pipe takes at once, without those of another process between them (PIPE_BUF of Linux; POSIX, write()). */
export function wholeLines(bytes: Buffer): number {
  if (bytes.length <= PIPE_BUF) return bytes.length;
  const end = bytes.lastIndexOf(10, PIPE_BUF - 1) + 1;
  if (end > 0) return end;
  const line = bytes.indexOf(10) + 1;
  return line > 0 ? line : bytes.length;
}

const PIPE_BUF = 4096;
const NOTHING = Buffer.alloc(0);

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
