-- prints without end (sandbox rule 38)
local function attack(event)
  for i = 1, 1000000 do pcall(print, ("x"):rep(1000)) end
  return true
end
function on_event(event) return attack(event) end
return attack()
