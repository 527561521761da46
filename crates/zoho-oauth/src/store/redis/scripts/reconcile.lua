-- Compares rows with the index, or repairs the index if ARGV[1] is 'repair'. KEYS[5] counts ids, and ARGV[2] is a number that
-- it must not be below.
--
-- For each row, the other arguments are its id, its content, and two lists: the entries that the index must have, and those
-- that it must not have. A row whose content is '' is gone. A row that has changed since it was read is left out. Returns how
-- many entries are missing, and how many are superfluous.

local is_repair = argument() == 'repair'
local lowest = argument()
local missing, superfluous = 0, 0

if tonumber(redis.call('GET', KEYS[5]) or '0') < tonumber(lowest) then
  missing = 1
  if is_repair then
    redis.call('SET', KEYS[5], lowest)
  end
end

for _ = 1, count() do
  local id, row = argument(), argument()
  local is_unchanged = (redis.call('HGET', KEYS[1], id) or '') == row
  for _ = 1, count() do
    local entry = argument() .. id
    if is_unchanged and not redis.call('ZSCORE', KEYS[2], entry) then
      missing = missing + 1
      if is_repair then
        redis.call('ZADD', KEYS[2], 0, entry)
      end
    end
  end
  for _ = 1, count() do
    local entry = argument() .. id
    if is_unchanged and redis.call('ZSCORE', KEYS[2], entry) then
      superfluous = superfluous + 1
      if is_repair then
        redis.call('ZREM', KEYS[2], entry)
      end
    end
  end
end

if is_repair then
  redis.call('SET', KEYS[3], redis.call('HLEN', KEYS[1]))
  redis.call('INCR', KEYS[4])
end
return { missing, superfluous }
