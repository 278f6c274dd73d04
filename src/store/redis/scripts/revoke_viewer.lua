-- Revokes the tokens of a viewer.
-- KEYS: viewer, order, news. ARGV: viewer.
local up_to = next_order(KEYS[2])
mark(KEYS[1], up_to)
tell(KEYS[3], 'news', 'viewer', 'id', ARGV[1], 'up_to', up_to)
return up_to
