-- Revokes the tokens of a video, and issues the next one. If that one exists, it does nothing.
-- KEYS: video, order, news[, token[, viewer]]. ARGV: realm, video[, record, seconds or nothing].
if KEYS[4] and redis.call('EXISTS', KEYS[4]) == 1 then
  return false
end
local up_to = next_order(KEYS[2])
mark(KEYS[1], up_to)
local seconds = needed(KEYS[1])
publish(KEYS[3], 'news', 'video', 'realm', ARGV[1], 'id', ARGV[2], 'up_to', up_to, 'needed', seconds)
if not KEYS[4] then
  return {up_to, up_to, seconds}
end
local order = next_order(KEYS[2])
issue(KEYS[4], {KEYS[1], KEYS[5]}, order, ARGV[3], ARGV[4])
return {up_to, order, seconds}
