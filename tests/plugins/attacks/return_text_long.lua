-- a returned text with escapes (sandbox rule 37)
local function attack(event)
  return "escape-shaped: \27[31m"
end
function on_event(event) return attack(event) end
return attack()
