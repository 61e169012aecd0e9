-- tonumber of long digits, in base 10 and 36 (sandbox rule 16)
local function attack(event)
  local s = ("1"):rep(900000)
  while true do tonumber(s, 36) tonumber(s) end
end
function on_event(event) return attack(event) end
return attack()
