-- Gives back what was taken back by a name.
-- KEYS: revoked, expiry of revoked, news. ARGV: name.
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
tell(KEYS[3], 'news', 'restored', 'name', ARGV[1])
return 1
