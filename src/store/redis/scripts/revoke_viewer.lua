-- Revokes the tokens of a viewer.
-- KEYS: viewer, order, news. ARGV: viewer.
local up_to = next_order(KEYS[2])
mark(KEYS[1], up_to)
local seconds = needed(KEYS[1])
publish(KEYS[3], 'news', 'viewer', 'id', ARGV[1], 'up_to', up_to, 'needed', seconds)
return {up_to, seconds}
