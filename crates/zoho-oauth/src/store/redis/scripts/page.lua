-- Reads the rows behind an entry: ids and rows by turns, at most so many rows.

local found = {}
local entries = redis.call('ZRANGE', KEYS[2], '(' .. ARGV[1], '(id;', 'BYLEX', 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(entries) do
  append_row(found, string.sub(entry, 4))
end
return found
