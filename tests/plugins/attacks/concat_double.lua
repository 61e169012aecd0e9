-- a text that doubles (sandbox rule 29)
local function attack(event)
  local s = "x"
  while true do s = s .. s end
end
function on_event(event) return attack(event) end
return attack()
