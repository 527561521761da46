-- Functions for the scripts; the store prepends this file to each script except find.lua.
--
-- KEYS[1] is the hash of rows by id. KEYS[2] is the index: a sorted set whose entries all have score 0, so that they are
-- in byte order. Each row has the entry "id:<id>", and an entry like "user_name:<digest of the value>:<id>" for each
-- column by which it can be looked up. KEYS[3] is the number of rows, KEYS[4] the version, which counts changes to rows.

local arguments_read = 0

local function argument()
  arguments_read = arguments_read + 1
  return ARGV[arguments_read]
end

local function count()
  return tonumber(argument())
end

-- Returns an error if a key of the store is gone or does not match the others, as after an eviction, which takes a key as a
-- whole. A store without rows has none of the keys, or it has the number 0.
local function damage()
  local rows = redis.call('HLEN', KEYS[1])
  local entries = redis.call('ZLEXCOUNT', KEYS[2], '[id:', '(id;')
  local counted = redis.call('GET', KEYS[3])
  local was_filled = counted ~= '0' and (counted or redis.call('EXISTS', KEYS[4]) == 1)
  if rows == 0 and (entries > 0 or was_filled) then
    return redis.error_reply('ROWSLOST all rows are gone')
  end
  if rows ~= entries then
    return redis.error_reply('INDEXLOST the index has ' .. entries .. ' entries for ' .. rows .. ' rows')
  end
end

local function append_row(found, id)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end

-- Returns what a look-up finds: id, row, id, row, and so on. "id:7" finds the row with the id 7;
-- "user_name:<digest>:" finds each row with an entry that starts with this. UTF-8 never contains the byte 255, so it
-- ends the range after every id.
local function look_up(wanted)
  local found = {}
  if string.sub(wanted, 1, 3) == 'id:' then
    local id = string.sub(wanted, 4)
    if redis.call('HEXISTS', KEYS[1], id) == 1 then
      append_row(found, id)
    end
  else
    local entries = redis.call('ZRANGE', KEYS[2], '[' .. wanted, '(' .. wanted .. '\255', 'BYLEX')
    for _, entry in ipairs(entries) do
      append_row(found, string.sub(entry, #wanted + 1))
    end
  end
  return found
end

-- Returns the server's clock in epoch milliseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local LEASE = { 'epoch', 'holder', 'until', 'touched', 'ledger' }

-- Does what LeaseEntry::is_held_under does.
local function is_held(lease, epoch, holder)
  local entry = redis.call('HMGET', lease, 'epoch', 'holder')
  return entry[1] == epoch and entry[2] == holder
end

-- Does what LeaseEntry::renew does with a held lease, or LeaseEntry::release if life is empty.
local function update_lease(lease, life, ledger, retention)
  local moment = now()
  if life == '' then
    redis.call('HSET', lease, 'holder', '', 'until', '0')
  else
    redis.call('HSET', lease, 'until', string.format('%.0f', moment + life))
  end
  redis.call('HSET', lease, 'touched', string.format('%.0f', moment), 'ledger', ledger)
  redis.call('PEXPIRE', lease, retention)
end
