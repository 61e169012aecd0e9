-- comparisons of long strings of zeros (sandbox rule 24)
local function attack(event)
  local a = ("\0"):rep(500000)
  local b = a .. "x"
  local n = 0
  while true do if a < b then n = n + 1 end end
end
function on_event(event) return attack(event) end
return attack()
