import { Problem } from '../kit/problem.ts';

const maxSteps = 8;

/**
 * A field as a query names it, `address.city`, as a path of SQLite's JSON functions, `$."address"."city"`.
 * @throws Problem 400 for empty steps, quotes, brackets, or more than eight steps.
 */
export function parseField(field: string): string {
  const steps = field.split('.');
  const good = steps.length <= maxSteps && steps.every((step) => /^[^"'[\]\\\p{Cc}]{1,64}$/u.test(step));
  if (good) return `$${steps.map((step) => `."${step}"`).join('')}`;
  throw new Problem(
    400,
    'bad_field',
    `"${field}" is no field: write names with dots between, such as address.city`,
  );
}
