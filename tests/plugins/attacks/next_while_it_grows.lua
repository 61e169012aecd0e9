-- next over a table that grows under it (sandbox rule 16)
local function attack(event)
  local t, k = {1}, 1
  while true do k = next(t, k) t[#t + 1] = 1 end
end
function on_event(event) return attack(event) end
return attack()
