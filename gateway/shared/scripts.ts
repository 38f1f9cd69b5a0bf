import { createHash } from 'node:crypto';

/**
 * Scripts for atomic steps in the Redis. A script runs alone there, in microseconds, and by the Redis' clock: replicas' clocks may differ.
 */

/**
 * Counts passed requests, and grants as many waiting ones as fit: `Arrivals.settle`, for many parties. Each has a key, which expires when
 * the party has no debt. A replica reports how far ahead it knows the party to be, so that a Redis that has lost its data learns it again.
 *
 * KEYS: parties. ARGV for each: interval, burst, passed, waiting, least ahead. Answers for each: milliseconds ahead, granted.
 */
const SETTLE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local told = {}
for i = 1, #KEYS do
  local at = (i - 1) * 5
  local interval, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local passed, waiting, least = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local due = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now) + passed * interval
  due = math.max(due, now + least)
  local granted = math.max(0, math.min(waiting, math.floor(burst - (due - now) / interval + 0.001)))
  due = due + granted * interval
  if due > now then
    redis.call('SET', KEYS[i], string.format('%.3f', due), 'PX', math.ceil(due - now))
  else
    redis.call('DEL', KEYS[i])
  end
  told[i * 2 - 1] = string.format('%.3f', due - now)
  told[i * 2] = granted
end
return told`;

/**
 * A replica's heartbeat: returns the other replicas, the shared secrets, and the news since its last heartbeat. News are in a stream, so
 * that a replica that was away misses none; if the stream was trimmed meanwhile, it is told so.
 *
 * KEYS: replicas, news, secrets. ARGV: id, message about itself, the newest news that it knows or '', its secrets, those that they replace
 * or ''.
 * Answers: secrets, the newest news, 1 if some may have been missed, replicas (id, message), news (id, text).
 */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d ', now) .. ARGV[2])
local replicas, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+'))
  if at == nil or now - at > ${15_000} then
    redis.call('HDEL', KEYS[1], all[i])
  else
    replicas[#replicas + 1] = all[i]
    replicas[#replicas + 1] = all[i + 1]
  end
end
local secrets = redis.call('GET', KEYS[3])
if not secrets or (ARGV[5] ~= '' and secrets == ARGV[5]) then
  redis.call('SET', KEYS[3], ARGV[4])
  secrets = ARGV[4]
end
local last, missed, news = ARGV[3], 0, {}
if last == '' or #redis.call('XRANGE', KEYS[2], last, last) == 0 then
  missed = 1
  last = redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'text', '')
else
  for _, one in ipairs(redis.call('XRANGE', KEYS[2], '(' .. last, '+', 'COUNT', 1000)) do
    last = one[1]
    if one[2][2] ~= '' then
      news[#news + 1] = one[1]
      news[#news + 1] = one[2][2]
    end
  end
end
return { secrets, last, missed, replicas, news }`;

/** Publishes news to all replicas, also to those that are away for a moment. KEYS: news. ARGV: text. Answers its id. */
const TELL = `
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', 'text', ARGV[1])
redis.call('PUBLISH', KEYS[1], id)
return id`;

/** KEYS: lock. ARGV: owner, milliseconds; 0 releases it. Answers 1 if the lock is the owner's. */
const LOCK = `
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`;

/** KEYS: text. ARGV: the new one, for how many milliseconds, the one in whose place it comes; '*': any, '': there need be none. Answers 1 where it is kept. */
const KEEP = `
if ARGV[3] ~= '' then
  local there = redis.call('GET', KEYS[1])
  if not there or (ARGV[3] ~= '*' and there ~= ARGV[3]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** KEYS: an unused one. Answers the version. */
const PROBE = `
redis.call('SET', KEYS[1], '1', 'PX', 1000)
redis.call('DEL', KEYS[1])
return string.match(redis.call('INFO', 'server'), 'redis_version:([%d.]+)')`;

export const SCRIPTS = {
  settle: script(SETTLE),
  beat: script(BEAT),
  tell: script(TELL),
  lock: script(LOCK),
  keep: script(KEEP),
  probe: script(PROBE),
} as const;
export type Script = keyof typeof SCRIPTS;

/** Called by digest, so that it need not be sent each time; Redis uses SHA-1. */
function script(text: string) {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
