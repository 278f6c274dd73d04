-- Joins a node: it reads on from its last news, or starts afresh from the present revocations.
-- KEYS: generation, news, revoked, orders of revoked, restored.
-- ARGV: a new generation, and the generation, the last news and the server that the node knows.
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation)
  redis.call('DEL', KEYS[2])
end
-- The server's identity, which changes with a restart and a failover: then the server may lack acknowledged revocations. Empty
-- if INFO is not allowed.
local function field(section, name)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and string.match(info, name .. ':(%x+)') or ''
end
local server = field('server', 'run_id') .. field('replication', 'master_replid')
local function all()
  local restored = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  return {redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4]), restored}
end
-- News are trimmed from their beginning: if the node's last news are there, so are those after them.
if generation == ARGV[2] and #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 1 then
  return {generation, ARGV[3], server, 0, server ~= ARGV[4] and all()}
end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
if #last == 0 then
  publish(KEYS[2], 'news', 'begun')
  last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
end
return {generation, last[1][1], server, 1, all()}
