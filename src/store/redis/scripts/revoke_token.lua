-- Revokes one token, known or not. The mark in its place expires when the token would have. If the revocation is sent again, a
-- token that was issued later stays valid, unless the place in the order is an estimate, which may be too low.
-- KEYS: token, news, order. ARGV: digest[, order of before, is estimate].
local order
local value = redis.call('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
local needed = left == -1 and value ~= 'revoked' and -1 or math.max(left / 1000, DAY)
if ARGV[2] and ARGV[3] ~= '1' then
  order = order_of_before(KEYS[3], ARGV[2])
  if value == 'revoked' then
    return {order, string.format('%.0f', needed)}
  end
  local issued = value and string.match(value, '^(%d+) ')
  if issued and tonumber(issued) > tonumber(order) then
    return false
  end
else
  order = next_order(KEYS[3])
end
if left == -1 then
  left = 31 * DAY * 1000
elseif left < DAY * 1000 then
  left = DAY * 1000
end
redis.call('SET', KEYS[1], 'revoked', 'PX', string.format('%.0f', left))
needed = string.format('%.0f', needed)
publish(KEYS[2], 'news', 'token', 'digest', ARGV[1], 'order', order, 'needed', needed)
return {order, needed}
