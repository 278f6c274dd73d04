-- Revokes the tokens of a video or viewer up to a place in the order: a revocation that the server may lack.
-- KEYS: video or viewer, news, order. ARGV: order of before, is estimate, which of the two, its id[, its realm].
local up_to
if ARGV[2] == '1' then
  up_to = string.format('%.0f', math.min(tonumber(ARGV[1]), now())) -- by the node's clock, which may be ahead
else
  up_to = order_of_before(KEYS[3], ARGV[1])
end
local before = redis.call('HGET', KEYS[1], 'up_to')
local seconds = needed(KEYS[1])
if not before or tonumber(before) < tonumber(up_to) then
  mark(KEYS[1], up_to)
  publish(KEYS[2], 'news', ARGV[3], 'id', ARGV[4], 'realm', ARGV[5] or '', 'up_to', up_to, 'needed', seconds)
end
return {up_to, seconds}
