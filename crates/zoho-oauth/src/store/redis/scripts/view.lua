-- Returns the clock, the lease KEYS[3] (when given), and the rows that each look-up in ARGV finds.

local found = {}
for number = 1, #ARGV do
  found[number] = look_up(argument())
end
local entry = {}
if KEYS[3] then
  entry = redis.call('HMGET', KEYS[3], unpack(LEASE))
end
return { now(), entry, found }
