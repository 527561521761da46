-- Deletes all rows, also those of which a part is lost. UNLINK removes the keys immediately and frees their memory on another
-- thread, so that a million rows do not block other clients.

local lost = damage()
if redis.call('UNLINK', KEYS[1], KEYS[2]) > 0 or lost then
  redis.call('SET', KEYS[3], '0')
  redis.call('INCR', KEYS[4])
end
return redis.status_reply('OK')
