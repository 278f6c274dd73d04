-- Takes signed tokens back, besides those that were taken back by the same name.
-- KEYS: revoked, expiry of revoked, news. ARGV: name, issued before or nothing for all, until or nothing for good.
local function most(one, other)
  if one == '' or other == '' then
    return ''
  end
  return tonumber(one) >= tonumber(other) and one or other
end
local before, till = ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
  local known_before, known_till = string.match(known, '^(%-?%d*) (%-?%d*)$')
  before, till = most(before, known_before or ''), most(till, known_till or '')
end
local mark = before .. ' ' .. till
if mark ~= known then
  redis.call('HSET', KEYS[1], ARGV[1], mark)
  if till == '' then
    redis.call('ZREM', KEYS[2], ARGV[1])
  else
    redis.call('ZADD', KEYS[2], till, ARGV[1])
  end
  tell(KEYS[3], 'news', 'revoked', 'name', ARGV[1], 'mark', mark)
end
-- A few of those whose time has come.
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now() / 1000000 - DAY), 'LIMIT', 0, 10)
for _, name in ipairs(old) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
