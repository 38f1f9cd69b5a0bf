import { basename } from 'node:path';
import type { RouteConfig } from '../../model/config.ts';
import {
  type AskedRequest,
  type BoundPolicy,
  type Foreseen,
  type PolicyFault,
  policyWithKey,
} from '../policy.ts';
import { isExcepted } from './exceptions.ts';
import type { Gate } from './gate.ts';
import { jwtForm } from './jwt/keys.ts';
import { authForm, authRow } from './keys.ts';
import { takeCookies } from './oidc/cookies.ts';
import { allowForm, oidcForm } from './oidc/keys.ts';
import { type AuthSettings, type KindSettings, placeOf } from './settings.ts';

/** Lets authenticated requests pass. The code of each kind of proof is loaded when a route uses it. */
export const auth = policyWithKey('auth', {
  does: 'Who does not prove who they are, as `auth` says, is 401.',
  row: authRow,
  forms: { auth: authForm, jwt: jwtForm, oidc: oidcForm, oidcAllow: allowForm },
  shown: (settings) => settings && { ...settings, kinds: settings.kinds.map(shownKind) },
  faults,
  bind,
});

function bind(settings: AuthSettings | null): BoundPolicy | null {
  if (settings === null) return null;
  let gate: Gate | null = null;
  return {
    async open(kept) {
      const { Gate: Opened } = await import('./gate.ts');
      const opened = await Opened.open(settings, kept);
      gate = opened;
      return () => opened.close();
    },
    request(exchange, context) {
      // A gate that was not opened lets nothing pass.
      if (gate === null) throw new Error('auth was not opened');
      return gate.request(exchange, context);
    },
    decides: settings.kinds.flatMap(decidedBy),
    foresee: (asked) => foresee(settings, asked),
  };
}

/** Fields that a service takes for the word of this gate. */
function decidedBy(kind: KindSettings): readonly string[] {
  if (kind.kind === 'keys') return [kind.header];
  return kind.kind === 'forward' ? [...kind.copy, ...kind.users] : [];
}

/** The sessions of one route, and of the admin listener, are sent to all others of its host, too: no service sees them. `null`: there are none. */
export function withoutSessions(all: readonly RouteConfig[], ofAdmin: boolean): BoundPolicy | null {
  const logins = all.some(({ policies }) => settingsOf(policies)?.kinds.some(({ kind }) => kind === 'oidc'));
  if (!logins && !ofAdmin) return null;
  return {
    request(exchange) {
      const own = settingsOf(exchange.match.route.policies)?.kinds.some(({ kind }) => kind === 'oidc');
      // Where they are asked for, `auth` itself takes them.
      if (!own) takeCookies(exchange);
      return null;
    },
  };
}

function settingsOf(policies: RouteConfig['policies']): AuthSettings | null {
  return policies.auth as AuthSettings | null;
}

/** Nothing is opened for it: proofs are not verified. */
function foresee(settings: AuthSettings, asked: AskedRequest): Foreseen {
  const { need, kinds, except } = settings;
  if (isExcepted(except, asked))
    return { status: null, says: 'need not say who asks: it is among the exceptions' };
  const named = kinds.map(nameOf).join(need === 'all' ? ', and ' : ', or ');
  return { status: null, says: `passes with ${named}, else ${elseOf(kinds)}` };
}

function elseOf(kinds: readonly KindSettings[]): string {
  if (kinds.some(({ kind }) => kind === 'forward')) return 'what that answers';
  return kinds.some(({ kind }) => kind === 'oidc') ? 'a page is led to the login, and others are 401' : '401';
}

function nameOf(kind: KindSettings): string {
  if (kind.kind === 'basic') return `a name and a password of ${basename(kind.file)}`;
  if (kind.kind === 'jwt') return `a token of ${kind.issuer}`;
  if (kind.kind === 'oidc') return `a login at ${kind.issuer}`;
  if (kind.kind === 'forward') return `a 2xx of ${placeOf(kind.url)}`;
  return `a key of ${basename(kind.file)} in ${kind.header}${kind.bearer ? ' or as Bearer' : ''}`;
}

const NOT_SHOWN = '(not shown)';

/** The query of a URL may be a secret: `https://id.example.com/check?key=...`. */
function shownKind(kind: KindSettings): KindSettings {
  if (kind.kind === 'forward') return { ...kind, url: placeOf(kind.url) };
  if (kind.kind === 'oidc')
    return { ...kind, clientSecret: NOT_SHOWN, sessionKey: kind.sessionKey && NOT_SHOWN };
  if (kind.kind !== 'jwt' || kind.jwks.url === null) return kind;
  return { ...kind, jwks: { url: placeOf(kind.jwks.url), file: null } };
}

async function faults(settings: AuthSettings | null): Promise<PolicyFault[]> {
  if (settings === null) return [];
  const { need, kinds } = settings;
  const found = await Promise.all(
    kinds.map(async (kind, at) => {
      const own = await faultsOf(kind);
      return own.map((fault) => ({
        ...fault,
        path: need === null ? fault.path : [need, at, ...fault.path],
      }));
    }),
  );
  return found.flat();
}

async function faultsOf(kind: KindSettings): Promise<PolicyFault[]> {
  const { faultsOfFile } = await import('../followed-file.ts');
  if (kind.kind === 'basic') {
    const { readUsers, USERS_FILE } = await import('./basic/users.ts');
    return faultsOfFile(kind.file, ['basic'], USERS_FILE, readUsers);
  }
  if (kind.kind === 'forward' || kind.kind === 'oidc') return [];
  if (kind.kind === 'jwt') {
    const { file } = kind.jwks;
    if (file === null) return [];
    const { readKeySet, KEY_SET_FILE } = await import('./jwt/key-set.ts');
    return faultsOfFile(file, ['jwt', 'jwks'], KEY_SET_FILE, readKeySet);
  }
  const { readKeys, KEYS_FILE } = await import('./api-keys/api-keys.ts');
  return faultsOfFile(kind.file, ['keys'], KEYS_FILE, readKeys);
}
