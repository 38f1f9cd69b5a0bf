import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Configuration, default as Provider } from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { listening } from './free-port.ts';

export const CLIENT = { id: 'portway', secret: 'a-secret-of-thirty-two-characters' };

/** A real OpenID Connect provider that logs every user in at once. */
export interface TestProvider {
  readonly issuer: string;
  /** The account of the next login. */
  account: string;
  /** Answers 500 to everything. */
  down: boolean;
  /** Paths of the requests so far. */
  readonly asked: string[];
  /** Answers instead of the provider where it returns true. */
  tamper: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
}

export async function startProvider(redirectUris: string[], more: Configuration = {}): Promise<TestProvider> {
  const { default: OidcProvider } = await import('oidc-provider');
  const server = createServer();
  const issuer = `http://127.0.0.1:${await listening(server)}`;
  const provider = new OidcProvider(issuer, { ...configuration(redirectUris), ...more });
  const test: TestProvider = { issuer, account: 'ann', down: false, asked: [], tamper: null };
  const handle = provider.callback();
  server.on('request', (request, response) => {
    test.asked.push(new URL(request.url!, issuer).pathname);
    if (test.down) response.writeHead(500).end('down');
    else if (test.tamper?.(request, response)) return;
    else if (request.url!.startsWith('/interaction/')) void finish(provider, request, response, test.account);
    else void handle(request, response);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return test;
}

/** Completes the login page without a user. */
async function finish(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  accountId: string,
) {
  if (accountId === 'nobody')
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  return provider.interactionFinished(request, response, { login: { accountId }, consent: {} });
}

function configuration(redirectUris: string[]): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    cookies: { keys: ['a key of a test'] },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false } },
    issueRefreshToken: async () => true,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        email: `${id}@example.com`,
        email_verified: id !== 'mallory',
        groups: [`${id}s`],
      }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client!.clientId,
        accountId: oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid email profile offline_access');
      await grant.save();
      return grant;
    },
  };
}
