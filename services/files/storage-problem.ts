import { Problem } from '../kit/problem.ts';

/** Turns the file system's refusals into answers; anything else stays what it is, and becomes a 500. */
export function storageProblem(error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new Problem(507, 'storage_full', 'There is no room for this file. Nothing of it was kept.');
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
