-- message handlers in message handlers that are busy (sandbox rule 18)
local function attack(event)
  local function spin() while true do end end
  local function f() xpcall(f, function() xpcall(spin, spin) end) end
  f()
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
