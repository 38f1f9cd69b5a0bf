/** `shared:` of the configuration. */

import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { row, section } from '../keys/section.ts';
import { parseHostAndPort } from '../keys/target.ts';
import { described, duration, flag, form, oneOrMore, parsedBy, text } from '../keys/value.ts';
import type { SharedConfig } from '../model/config.ts';
import { keySpanAt } from './source.ts';
import { reportKey, type SourceDocument } from './source-document.ts';

const A_REDIS = 'the URL of a Redis, such as redis://redis:6379';

type RedisUrl = Pick<SharedConfig, 'hosts' | 'secure' | 'username' | 'password' | 'database'>;

/** Faults are reported without the URL's password. */
function parseRedis(written: string): ParseResult<RedisUrl> {
  const found = written.replace(/\/\/.*@/s, '//(not shown)@');
  const no = (hint: string) => refused(hint, A_REDIS, JSON.stringify(found));
  if (/^(?:on|off|true|false|yes|no|none)$/i.test(written))
    return no('where it is; without one the key is left out');
  if (!/^[a-z][a-z+]*:\/\//i.test(written)) return no(`with its scheme: redis://${found}`);
  const url = URL.parse(written);
  if (url === null || url.hostname === '') return no('a host, and its port: redis://redis:6379');
  if (!/^rediss?:$/.test(url.protocol)) return no('redis:// in clear, or rediss:// by TLS');
  if (!/^\/?\d{0,4}$/.test(url.pathname)) return no('behind the host stands the number of a database: /0');
  if (url.search + url.hash !== '') return no('everything else is a key of the long form: timeout, prefix');
  const [username, password] = [url.username, url.password].map(decoded);
  if (username === undefined || password === undefined)
    return no('in a name or a password, % is written %25, @ is %40, / is %2F');
  return accepted({
    hosts: [{ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || REDIS_PORT) }],
    secure: url.protocol === 'rediss:',
    username: username || null,
    password: password || null,
    database: Number(url.pathname.slice(1)),
  });
}

/** `undefined`: a % without two digits behind it, or bytes that are no UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseSentinel(written: string) {
  const parsed = parseHostAndPort(written);
  if (!parsed.ok) return parsed;
  if (parsed.value.kind === 'port') return refused('with its host: sentinel-1:26379');
  return accepted({ host: parsed.value.host.replace(/^\[|\]$/g, ''), port: parsed.value.port as number });
}

const redisUrl = parsedBy(z.string(), parseRedis, {
  ...{ expected: A_REDIS, type: 'URL' },
  pattern: /^[rR][eE][dD][iI][sS][sS]?:\/\//,
});
const sentinelHost = parsedBy(z.string(), parseSentinel, {
  expected: 'host:port of a Sentinel',
  type: 'host:port',
});

export const sentinelForm = form('sentinel', 'sentinel', {
  name: described(z.string().min(1).max(200), 'What the Sentinels call the master.', {
    expected: 'a name',
    defaultText: '**required**',
    also: 'master mastername service',
  }),
  hosts: described(oneOrMore(sentinelHost), 'Where they are; the first that answers is believed.', {
    expected: 'host:port of a Sentinel, or a list of them',
    type: 'host:port, or a list of them',
    defaultText: '**required**',
    also: 'sentinels addresses nodes',
  }),
  password: described(text, 'What they ask for; not the password of the Redis.', {
    also: 'sentinelpassword',
  }).optional(),
  tls: described(flag, 'Whether TLS is spoken, with them and with the Redis that they name.', {
    defaultText: '`false`',
    also: 'secure ssl',
  }).optional(),
});

const rows = section({
  prefix: row(
    z.string().regex(/^[\w.:-]{1,100}$/),
    'What every key in the Redis begins with: gateways that share are those with the same.',
    {
      default: 'portway',
      expected: 'letters, digits and . : - _',
      type: 'text',
      also: 'keyprefix namespace',
    },
  ),
  timeout: row(
    duration({ min: '50ms', max: '30s' }),
    'How long an answer may take until the Redis counts as away. No exchange waits for it.',
    { as: 'timeoutMs', default: '1s', also: 'commandtimeout connecttimeout' },
  ),
});

export const sharedForm = z
  .strictObject({
    url: described(redisUrl, 'Where it is: `redis://user:password@host:6379/0`, or `rediss://` by TLS.', {
      defaultText: '**required**, or `sentinel`',
      also: 'redis address host endpoint addr',
    }).optional(),
    sentinel: described(sentinelForm, 'Who says where it is, in the place of `url`.', {
      defaultText: 'nobody',
    }).optional(),
    username: described(text, 'Of its ACL.', { defaultText: '`default`', also: 'user' }).optional(),
    password: described(text, 'A variable of the environment keeps it out of the file.', {
      also: 'pass auth',
    }).optional(),
    passwordFile: described(text, 'The same in a file, relative to this one: read at each connection.', {
      expected: 'the path of a file',
      type: 'path',
    }).optional(),
    ca: described(text, 'PEM, relative to this file: who vouches for it, where that is one of your own.', {
      expected: 'the path of a certificate',
      type: 'path',
      defaultText: 'those that the system knows',
      also: 'cacert tlsca',
    }).optional(),
    ...rows.shape,
  })
  .meta({ id: 'shared', doc: { expected: 'a map with the key "url" or "sentinel"', holder: 'shared' } });

export const shared = z
  .union([redisUrl.transform((url): z.output<typeof sharedForm> => ({ url })), sharedForm])
  .meta({ doc: { expected: A_REDIS } });

export function compileShared(written: z.output<typeof sharedForm>, file: string): SharedConfig {
  const { url, sentinel, username, password, passwordFile, ca } = written;
  const path = (name: string | undefined) => (name === undefined ? null : resolve(dirname(file), name));
  return {
    hosts: url?.hosts ?? sentinel?.hosts ?? [],
    sentinel: sentinel ? { name: sentinel.name, password: sentinel.password ?? null } : null,
    secure: url?.secure ?? sentinel?.tls ?? false,
    database: url?.database ?? 0,
    username: username ?? url?.username ?? null,
    password: password ?? url?.password ?? null,
    passwordFile: path(passwordFile),
    ca: path(ca),
    ...rows.compile(written),
  };
}

/** Reports `shared:` without the address of a Redis, or with two. */
export function reportShared(config: SharedConfig | null, document: SourceDocument): void {
  if (config === null || document.problems.touches('shared')) return;
  const [url, sentinel] = ['url', 'sentinel'].map((key) => keySpanAt(document.root, ['shared', key]));
  const both = url !== null && sentinel !== null;
  if (config.hosts.length > 0 && !both) return;
  reportKey(document, both ? ['shared', 'sentinel'] : ['shared'], {
    expected: 'url or sentinel',
    found: both ? 'both' : 'neither',
    hint: both ? 'Sentinels say where it is: take "url" out' : 'write url: redis://redis:6379',
  });
}

const REDIS_PORT = 6379;
