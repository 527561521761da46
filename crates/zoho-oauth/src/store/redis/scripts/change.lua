-- Writes rows, if the lease KEYS[5] is still held (where it is given) and every look-up still finds what it found
-- when the change was decided on. Answers the rows' ids, or nil, and then nothing has changed. KEYS[4] is the
-- version.

-- A new id: the rule of ids.rs. KEYS[3] counts the ids that were given out; a higher one that somebody chose moves
-- it on. At the end of the ten digits it begins again at 1.
local function give_id()
  while true do
    local number = redis.call('INCR', KEYS[3])
    local id = string.format('%.0f', (number - 1) % 9999999999 + 1)
    if redis.call('HEXISTS', KEYS[1], id) == 0 then
      return id
    end
  end
end

local ledger, remembered
if KEYS[5] then
  local epoch, holder = argument(), argument()
  ledger, remembered = argument(), argument()
  if not is_held(KEYS[5], epoch, holder) then
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
if chosen > tonumber(redis.call('GET', KEYS[3]) or '0') then
  redis.call('SET', KEYS[3], string.format('%.0f', chosen))
end

local ids = {}
for number = 1, count() do
  local id, row = argument(), argument()
  if id == '' then
    id = give_id()
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
  redis.call('INCR', KEYS[4])
end

if KEYS[5] then
  keep_lease(KEYS[5], '', ledger, remembered)
end
return ids
