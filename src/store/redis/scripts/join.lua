-- Where a node goes on: from the news that it has last seen, or else from what is revoked now.
-- KEYS: generation, news, revoked, orders of revoked, restored.
-- ARGV: a new generation, the one that the node knows, its last news, which server it knows.
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation)
  redis.call('DEL', KEYS[2])
end
-- Which server this is: another one after a restart and after a failover, when it may lack what was acknowledged. No text
-- where INFO is not allowed.
local function field(section, name)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and string.match(info, name .. ':(%x+)') or ''
end
local server = field('server', 'run_id') .. field('replication', 'master_replid')
local function all()
  local restored = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  return {redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4]), restored}
end
-- News are trimmed from their beginning: where the last that was seen is there still, those after it are.
if generation == ARGV[2] and #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 1 then
  return {generation, ARGV[3], server, 0, server ~= ARGV[4] and all()}
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
if #last == 0 then
  tell(KEYS[2], 'news', 'begun')
  last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
end
return {generation, last[1][1], server, 1, all()}
