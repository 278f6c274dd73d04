-- What is known of a token, and up to where its video and its viewer were revoked.
-- KEYS: token. ARGV: what the keys of videos and of viewers begin with. What follows is in the same slot.
local value = redis.call('GET', KEYS[1])
if not value then
  return false
end
local video, viewer = string.match(value, '^%d+ (%x+) (%x*) ')
if not video then
  return {value, false, false}
end
return {value, redis.call('HGET', ARGV[1] .. video, 'up_to'), redis.call('HGET', ARGV[2] .. viewer, 'up_to')}
