-- Restores the signed tokens of a name. If it is sent again, a later revocation stays in force.
-- KEYS: revoked, expiry of revoked, news, orders of revoked, restored, order. ARGV: name[, order of before].
local order
if ARGV[2] then
  order = order_of_before(KEYS[6], ARGV[2])
  local revoked = redis.call('HGET', KEYS[4], ARGV[1])
  if revoked and tonumber(revoked) > tonumber(order) then
    return false
  end
  local restored = redis.call('ZSCORE', KEYS[5], ARGV[1])
  if restored and tonumber(restored) >= tonumber(order) and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
    return {0, order}
  end
else
  order = next_order(KEYS[6])
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
local was = redis.call('HDEL', KEYS[1], ARGV[1])
-- Kept for nodes that know only the revocation: longer than a node is cut off.
redis.call('ZADD', KEYS[5], order, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', string.format('%.0f', now() - 31 * DAY * 1000000))
publish(KEYS[3], 'news', 'restored', 'name', ARGV[1], 'order', order)
return {was, order}
