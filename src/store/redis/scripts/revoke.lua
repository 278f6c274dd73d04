-- Revokes signed tokens, in addition to earlier revocations of the same name. If it is sent again, a later restoration stays in
-- force.
-- KEYS: revoked, expiry of revoked, news, orders of revoked, restored, order.
-- ARGV: name, issued before or nothing for all, until or nothing for good[, order of before, is estimate].
local function most(one, other)
  if one == '' or other == '' then
    return ''
  end
  return tonumber(one) >= tonumber(other) and one or other
end
local restored = tonumber(redis.call('ZSCORE', KEYS[5], ARGV[1]) or 0)
local order
if not ARGV[4] then
  order = next_order(KEYS[6])
elseif ARGV[5] == '1' then
  -- The place is by the node's clock, which may be behind by a minute.
  if restored >= tonumber(ARGV[4]) + 60 * 1000000 then
    return false
  end
  order = next_order(KEYS[6])
else
  order = order_of_before(KEYS[6], ARGV[4])
  if restored >= tonumber(order) then
    return false
  end
end
local before, till = ARGV[2], ARGV[3]
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then
  local known_before, known_till = string.match(known, '^(%-?%d*) (%-?%d*)$')
  before, till = most(before, known_before or ''), most(till, known_till or '')
end
local known_order = redis.call('HGET', KEYS[4], ARGV[1])
if not known_order or tonumber(known_order) < tonumber(order) then
  redis.call('HSET', KEYS[4], ARGV[1], order)
end
redis.call('ZREM', KEYS[5], ARGV[1])
local mark = before .. ' ' .. till
if mark ~= known then
  redis.call('HSET', KEYS[1], ARGV[1], mark)
  if till == '' then
    redis.call('ZREM', KEYS[2], ARGV[1])
  else
    redis.call('ZADD', KEYS[2], till, ARGV[1])
  end
  publish(KEYS[3], 'news', 'revoked', 'name', ARGV[1], 'mark', mark, 'order', order)
end
-- Drops a few revocations that are not needed any more.
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now() / 1000000 - DAY), 'LIMIT', 0, 10)
for _, name in ipairs(old) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('HDEL', KEYS[4], name)
  redis.call('ZREM', KEYS[2], name)
end
return order
