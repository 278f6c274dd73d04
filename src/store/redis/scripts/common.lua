local DAY = 86400

-- A moment of the server's clock, in microseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- The next place in the order: above every one that was given, also by a server that has lost its data.
local function next_order(key)
  local order = string.format('%.0f', math.max((redis.call('GET', key) or 0) + 1, now()))
  redis.call('SET', key, order)
  return order
end

-- Tells the nodes, who may have missed a day of news.
local function tell(news, ...)
  redis.call('XADD', news, 'MINID', '~', string.format('%.0f', now() / 1000 - DAY * 1000), '*', ...)
end

-- Revokes the tokens of a video or viewer up to a place in the order. That is kept for longer than any token that
-- expires is good; for good where one was issued that does not.
local function mark(key, up_to)
  local before = redis.call('HGET', key, 'up_to')
  if not before or tonumber(before) < tonumber(up_to) then
    redis.call('HSET', key, 'up_to', up_to)
  end
  if redis.call('HEXISTS', key, 'lasting') == 0 then
    redis.call('EXPIRE', key, 31 * DAY)
  end
end

-- Puts a token in force whose record begins with the names of its video and viewer.
local function issue(token, groups, order, record, seconds)
  local value = order .. ' ' .. record
  if seconds ~= '' then
    redis.call('SET', token, value, 'EX', seconds)
    return
  end
  redis.call('SET', token, value)
  for _, group in ipairs(groups) do
    redis.call('HSET', group, 'lasting', 1)
    redis.call('PERSIST', group)
  end
end
