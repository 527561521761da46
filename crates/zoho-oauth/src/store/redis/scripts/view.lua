-- Returns the clock, the lease KEYS[5] (when given), and the rows that each look-up in ARGV finds.

local lost = damage()
if lost then
  return lost
end

local found = {}
for number = 1, #ARGV do
  found[number] = look_up(argument())
end
local entry = {}
if KEYS[5] then
  entry = redis.call('HMGET', KEYS[5], unpack(LEASE))
end
return { now(), entry, found }
