local DAY = 86400

-- A moment of the server's clock, in microseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- Returns the next place in the order: above every earlier one, also of a server that has lost its data.
local function next_order(key)
  local order = string.format('%.0f', math.max((redis.call('GET', key) or 0) + 1, now()))
  redis.call('SET', key, order)
  return order
end

-- Accepts a place in the order that a server gave before. Every place that this server gives from now on is above it.
local function order_of_before(key, order)
  if tonumber(order) > tonumber(redis.call('GET', key) or 0) then
    redis.call('SET', key, order)
  end
  return order
end

-- Adds news to the stream, and trims those of more than a day ago.
local function publish(news, ...)
  redis.call('XADD', news, 'MINID', '~', string.format('%.0f', now() / 1000 - DAY * 1000), '*', ...)
end

-- Returns the seconds for which the mark of a video or viewer is needed: longer than any token that expires is valid, or -1 (for
-- good) if a token without expiry was issued.
local function needed(key)
  return redis.call('HEXISTS', key, 'lasting') == 1 and -1 or 31 * DAY
end

-- Revokes the tokens of a video or viewer up to a place in the order.
local function mark(key, up_to)
  local before = redis.call('HGET', key, 'up_to')
  if not before or tonumber(before) < tonumber(up_to) then
    redis.call('HSET', key, 'up_to', up_to)
  end
  local seconds = needed(key)
  if seconds >= 0 then
    redis.call('EXPIRE', key, seconds)
  end
end

-- Stores a token. Its record begins with the names of its video and viewer.
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
