-- Revokes tokens of a video or viewer that were issued before the server could be told.
-- KEYS: video or viewer, news. ARGV: up to where, which of the two, its id[, its realm].
local up_to = string.format('%.0f', math.min(tonumber(ARGV[1]), now()))
mark(KEYS[1], up_to)
tell(KEYS[2], 'news', ARGV[2], 'id', ARGV[3], 'realm', ARGV[4] or '', 'up_to', up_to)
