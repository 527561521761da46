-- Gives an id out, before anything is stored under it.

return give_id()
