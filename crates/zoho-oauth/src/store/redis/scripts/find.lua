-- The rows behind one look-up that is not by id: ids and rows by turns. This is what callers do all day, so it stands
-- alone: nothing is set up that it does not need.
--
-- KEYS[1] is the hash of rows, KEYS[2] the index, ARGV[1] what its entries begin with; see common.lua.

local wanted = ARGV[1]
local found = {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[2], '[' .. wanted, '(' .. wanted .. '\255', 'BYLEX')) do
  local id = string.sub(entry, #wanted + 1)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end
return found
