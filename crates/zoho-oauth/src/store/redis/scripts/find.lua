-- Returns the rows that one look-up finds, which is not by id: id, row, id, row, and so on. This is the most frequent
-- script, so it runs without the definitions of common.lua.
--
-- KEYS[1] is the hash of rows, KEYS[2] the index, and ARGV[1] the prefix of the entries; see common.lua.

local wanted = ARGV[1]
local found = {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[2], '[' .. wanted, '(' .. wanted .. '\255', 'BYLEX')) do
  local id = string.sub(entry, #wanted + 1)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[1], id)
end
return found
