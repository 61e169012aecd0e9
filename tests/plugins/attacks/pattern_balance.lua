-- %b over and over (sandbox rule 16)
local function attack(event)
  local s = ("("):rep(100000)
  for i = 1, 1000 do s:find("%b()") end
  return true
end
function on_event(event) return attack(event) end
return attack()
