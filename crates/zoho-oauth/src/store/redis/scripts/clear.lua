-- Deletes all rows. UNLINK removes the keys immediately and frees their memory on another thread, so that a million
-- rows do not block other clients.

if redis.call('UNLINK', KEYS[1], KEYS[2]) > 0 then
  redis.call('INCR', KEYS[4])
end
return redis.status_reply('OK')
