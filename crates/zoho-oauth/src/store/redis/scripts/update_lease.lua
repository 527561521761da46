-- Renews or releases the lease KEYS[1], if it is still held.

local epoch, holder = argument(), argument()
if not is_held(KEYS[1], epoch, holder) then
  return 0
end
update_lease(KEYS[1], argument(), argument(), argument())
return 1
