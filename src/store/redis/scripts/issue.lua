-- Issues a token, unless it exists.
-- KEYS: token, order, video[, viewer]. ARGV: record, seconds or nothing.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return false
end
local order = next_order(KEYS[2])
issue(KEYS[1], {KEYS[3], KEYS[4]}, order, ARGV[1], ARGV[2])
return order
