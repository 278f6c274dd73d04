-- Returns a token's value, and the places up to which its video and its viewer are revoked.
-- KEYS: token. ARGV: the beginning of the keys of videos and of viewers, which are in the same slot.
local value = redis.call('GET', KEYS[1])
if not value then
  return false
end
local video, viewer = string.match(value, '^%d+ (%x+) (%x*) ')
if not video then
  return {value, false, false}
end
return {value, redis.call('HGET', ARGV[1] .. video, 'up_to'), redis.call('HGET', ARGV[2] .. viewer, 'up_to')}
