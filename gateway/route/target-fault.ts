/**
 * Why a request target is refused with 400 (SEMANTICS 1.4), and how its sender can fix it.
 *
 * The codes are API: logs, `explain` and the checks of configured prefixes name them.
 */
export type TargetFault =
  | 'not-a-path'
  | 'scheme'
  | 'authority'
  | 'userinfo'
  | 'malformed-escape'
  | 'nul'
  | 'fragment'
  | 'query'
  | 'control'
  | 'non-ascii'
  | 'backslash'
  | 'dot-segment'
  | 'ambiguous-route';

/** `at` counts UTF-16 units from 0 in the text that was given: where the fault begins. */
export interface TargetRefusal {
  readonly ok: false;
  readonly reason: TargetFault;
  readonly at: number;
}

export interface FaultText {
  /** The fault; follows "the target ...". */
  readonly what: string;
  /** The fix, as a sentence. */
  readonly mend: string;
}

const TEXTS: Readonly<Record<TargetFault, FaultText>> = {
  'not-a-path': {
    what: 'does not begin with /',
    mend: 'Ask for a path (/db/x), or for a whole URL (http://host/db/x).',
  },
  scheme: {
    what: 'has a scheme that a gateway for HTTP does not speak',
    mend: 'Use http:// or https:// (for a WebSocket too: its handshake is an HTTP request).',
  },
  authority: {
    what: 'has no valid host and port after its scheme',
    mend: 'Write a host name or an address, and a port from 0 to 65535: http://shop.localhost:3000/x, http://[::1]:3000/x.',
  },
  userinfo: {
    what: 'carries a user name or a password before its host',
    mend: 'Send credentials in the Authorization field: in a URL they end up in logs.',
  },
  'malformed-escape': {
    what: 'has a % that two hexadecimal digits do not follow',
    mend: 'Write a literal per cent sign as %25.',
  },
  nul: {
    what: 'has a NUL byte',
    mend: 'Leave it out: a service written in C would see the path end there.',
  },
  fragment: {
    what: 'has a #',
    mend: 'Leave the fragment out: it is for the browser alone. Write a # that belongs to a name as %23.',
  },
  query: {
    what: 'has a ? in its path',
    mend: 'A path ends where the query begins. Write a ? that belongs to a name as %3F.',
  },
  control: {
    what: 'has a space or a control character',
    mend: 'Percent-encode it: a space is %20.',
  },
  'non-ascii': {
    what: 'has a character beyond ASCII',
    mend: 'Percent-encode its UTF-8 bytes, as browsers do: ü is %C3%BC.',
  },
  backslash: {
    what: 'has a backslash',
    mend: 'Separate segments with /: some services read \\ as one and some as a part of a name.',
  },
  'dot-segment': {
    what: 'has a . or .. segment, literal or encoded',
    mend: 'Resolve . and .. before sending, as browsers do, and curl without --path-as-is.',
  },
  'ambiguous-route': {
    what: 'belongs to one route as it stands, and to another where a service merges slashes, decodes %2F and %3B, or cuts ;parameters off',
    mend: 'Ask for the path that is meant, with single slashes, and without parameters or escaped separators where routes part.',
  },
};

export function faultText(reason: TargetFault): FaultText {
  return TEXTS[reason];
}

export function refuse(reason: TargetFault, at: number): TargetRefusal {
  return { ok: false, reason, at };
}
