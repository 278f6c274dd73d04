-- Revokes one token, known or not. What is left in its place goes when the token would have.
-- KEYS: token, news. ARGV: digest.
local left = redis.call('PTTL', KEYS[1])
if left == -1 then
  left = 31 * DAY * 1000
elseif left < DAY * 1000 then
  left = DAY * 1000
end
redis.call('SET', KEYS[1], 'revoked', 'PX', string.format('%.0f', left))
tell(KEYS[2], 'news', 'token', 'digest', ARGV[1])
