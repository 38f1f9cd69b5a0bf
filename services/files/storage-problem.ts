import { Problem } from '../kit/problem.ts';

/** Whether a write failed because the disk, the quota or the largest file is full. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** For a resumable upload, which keeps what it has. */
export function uploadsFull(): Problem {
  return new Problem(
    507,
    'storage_full',
    'There is no room for more. What has arrived is kept, to go on from.',
  );
}

/** Turns the file system's refusals into answers; anything else stays what it is, and becomes a 500. */
export function storageProblem(error: unknown): unknown {
  if (isFull(error)) {
    return new Problem(507, 'storage_full', 'There is no room for this file. Nothing of it was kept.');
  }
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENAMETOOLONG':
      return new Problem(414, 'path_too_long', 'The path is longer than the file system can hold.');
    case 'ENOTEMPTY':
    case 'EEXIST':
      return new Problem(409, 'not_empty', 'The folder is not empty.');
    case 'EISDIR':
    case 'ENOTDIR':
      return new Problem(409, 'kind_differs', 'A file and a folder of one name exclude each other.');
    case 'EINVAL':
      return new Problem(409, 'into_itself', 'A folder can not be moved into itself.');
    default:
      return error;
  }
}
