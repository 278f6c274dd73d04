-- Where a node goes on: from the news that it has last seen, or else from what is revoked now.
-- KEYS: generation, news, revoked. ARGV: a new generation, the one that the node knows, its last news.
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation)
  redis.call('DEL', KEYS[2])
end
-- News are trimmed from their beginning: where the last that was seen is there still, those after it are.
if generation == ARGV[2] and #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 1 then
  return {generation, ARGV[3], false}
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
if #last == 0 then
  tell(KEYS[2], 'news', 'begun')
  last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
end
return {generation, last[1][1], redis.call('HGETALL', KEYS[3])}
