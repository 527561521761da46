-- What the scripts have in common; it stands before each of them.
--
-- KEYS[1] is the hash of rows, by id. KEYS[2] is the index: a sorted set of entries that all have the score 0, so
-- that they stand in the order of their bytes. Each row has the entry "id:<id>", and for each column that is
-- looked up by one like "user_name:<digest of the value>:<id>".

local at = 0

local function argument()
  at = at + 1
  return ARGV[at]
end

local function count()
  return tonumber(argument())
end

local function append_row(found, id)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end

-- What a look-up finds: ids and rows by turns. "id:7" means row 7, whose id is the rest; "user_name:<digest>:"
-- means every row with an entry that begins so. No id has the byte 255, which is not UTF-8.
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

-- The server's clock, in epoch milliseconds.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local LEASE = { 'epoch', 'holder', 'until', 'touched', 'ledger' }

-- What LeaseEntry::is_held_under says.
local function is_held(lease, epoch, holder)
  local entry = redis.call('HMGET', lease, 'epoch', 'holder')
  return entry[1] == epoch and entry[2] == holder
end

-- What LeaseEntry::renew does with a lease that is held; without a life, what LeaseEntry::release does.
local function keep_lease(lease, life, ledger, remembered)
  local moment = now()
  if life == '' then
    redis.call('HSET', lease, 'holder', '', 'until', '0')
  else
    redis.call('HSET', lease, 'until', string.format('%.0f', moment + life))
  end
  redis.call('HSET', lease, 'touched', string.format('%.0f', moment), 'ledger', ledger)
  redis.call('PEXPIRE', lease, remembered)
end
