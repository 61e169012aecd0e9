-- a busy body with itself as message handler (sandbox rule 18)
local function attack(event)
  local function spin() while true do end end
  xpcall(spin, spin)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
