-- Overwrites the lease entry KEYS[1], if it has not changed. The arguments are its five old values, then the new ones.

local entry = redis.call('HMGET', KEYS[1], unpack(LEASE))
for position = 1, #LEASE do
  if (entry[position] or '') ~= argument() then
    return 0
  end
end
for position = 1, #LEASE do
  redis.call('HSET', KEYS[1], LEASE[position], argument())
end
redis.call('PEXPIRE', KEYS[1], argument())
return 1
