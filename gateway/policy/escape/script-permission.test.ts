import { describe, expect, test } from 'vitest';
import { withScriptAllowed } from './script-permission.ts';

const HASH = "'sha256-x'";

describe('a Content-Security-Policy with the script allowed', () => {
  test.each([
    ["script-src 'self'", `script-src 'self' ${HASH}`],
    ["SCRIPT-SRC 'none'", `SCRIPT-SRC ${HASH}`],
    ["script-src 'nonce-a' 'strict-dynamic'", `script-src 'nonce-a' 'strict-dynamic' ${HASH}`],
    ["script-src 'unsafe-inline' 'nonce-a'", `script-src 'unsafe-inline' 'nonce-a' ${HASH}`],
    [
      "script-src 'none'; script-src-elem 'self'; img-src *",
      `script-src 'none'; script-src-elem 'self' ${HASH}; img-src *`,
    ],
    ["default-src 'self';", `default-src 'self'; script-src 'self' ${HASH}`],
    ["default-src 'none'", `default-src 'none'; script-src ${HASH}`],
    ["script-src 'self'; script-src *", `script-src 'self' ${HASH}; script-src *`],
    [
      "default-src 'self', script-src a.example",
      `default-src 'self'; script-src 'self' ${HASH},script-src a.example ${HASH}`,
    ],
    ["sandbox allow-scripts; script-src 'self'", `sandbox allow-scripts; script-src 'self' ${HASH}`],
  ])('%s', (before, after) => {
    expect(withScriptAllowed(before, HASH)).toBe(after);
  });

  test.each([
    ["script-src 'unsafe-inline'"],
    ["default-src * 'unsafe-inline'"],
    ['img-src *; frame-ancestors none'],
    [''],
  ])('is %s as it was', (policy) => {
    expect(withScriptAllowed(policy, HASH)).toBe(policy);
  });

  test.each([['sandbox'], ["default-src *, SANDBOX allow-forms; script-src 'self'"]])(
    'is none with %s',
    (policy) => {
      expect(withScriptAllowed(policy, HASH)).toBeNull();
    },
  );
});
