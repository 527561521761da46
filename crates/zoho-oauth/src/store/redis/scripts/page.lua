-- Returns at most ARGV[2] rows after the entry ARGV[1], by id: id, row, id, row, and so on.

local lost = damage()
if lost then
  return lost
end

local found = {}
local entries = redis.call('ZRANGE', KEYS[2], '(' .. ARGV[1], '(id;', 'BYLEX', 'LIMIT', 0, ARGV[2])
for _, entry in ipairs(entries) do
  append_row(found, string.sub(entry, 4))
end
return found
