-- Deletes every row. The server takes the two keys away at once and frees their memory later, on another thread:
-- it makes no difference to other clients whether there were ten rows or a million.

if redis.call('UNLINK', KEYS[1], KEYS[2]) > 0 then
  redis.call('INCR', KEYS[4])
end
return redis.status_reply('OK')
