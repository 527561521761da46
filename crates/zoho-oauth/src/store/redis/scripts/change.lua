-- Writes rows, if the lease KEYS[6] (when given) is still held and every look-up still finds the same rows. Returns
-- the ids of the rows. Otherwise returns nil and changes nothing. KEYS[5] counts ids.

-- Returns a new id, by the rules of ids.rs: one more than the highest id ever used, skipping ids that exist. After the
-- highest number of ten digits it starts again at 1.
local function next_id()
  while true do
    local number = redis.call('INCR', KEYS[5])
    local id = string.format('%.0f', (number - 1) % 9999999999 + 1)
    if redis.call('HEXISTS', KEYS[1], id) == 0 then
      return id
    end
  end
end

local lost = damage()
if lost then
  return lost
end

local ledger, retention
if KEYS[6] then
  local epoch, holder = argument(), argument()
  ledger, retention = argument(), argument()
  if not is_held(KEYS[6], epoch, holder) then
    return false
  end
end

for _ = 1, count() do
  local found = look_up(argument())
  local length = count()
  if #found ~= length then
    return false
  end
  for position = 1, length do
    if found[position] ~= argument() then
      return false
    end
  end
end

local chosen = count()
if chosen > tonumber(redis.call('GET', KEYS[5]) or '0') then
  redis.call('SET', KEYS[5], string.format('%.0f', chosen))
end

local ids = {}
for number = 1, count() do
  local id, row = argument(), argument()
  if id == '' then
    id = next_id()
  end
  if row == '' then
    redis.call('HDEL', KEYS[1], id)
  else
    redis.call('HSET', KEYS[1], id, row)
  end
  for _ = 1, count() do
    redis.call('ZREM', KEYS[2], argument() .. id)
  end
  for _ = 1, count() do
    redis.call('ZADD', KEYS[2], 0, argument() .. id)
  end
  ids[number] = id
end
if #ids > 0 then
  redis.call('SET', KEYS[3], redis.call('HLEN', KEYS[1]))
  redis.call('INCR', KEYS[4])
end

if KEYS[6] then
  update_lease(KEYS[6], '', ledger, retention)
end
return ids
