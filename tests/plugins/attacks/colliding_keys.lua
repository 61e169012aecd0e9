-- one assignment that rehashes colliding keys (sandbox rule 24)
local function attack(event)
  local t, n = {}, 0
  for i = 1, 1 << 20 do t[(i << 32) | 1] = 1 end
  return true
end
function on_event(event) return attack(event) end
return attack()
