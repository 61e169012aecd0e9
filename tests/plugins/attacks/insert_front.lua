-- insertion at the front (sandbox rule 16)
local function attack(event)
  local t = {}
  for i = 1, 10000000 do table.insert(t, 1, i) end
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
