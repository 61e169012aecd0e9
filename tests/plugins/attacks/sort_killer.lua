-- sorting again and again (sandbox rule 16)
local function attack(event)
  local t = {} for i = 1, 50000 do t[i] = (i * 7919) % 50021 end
  while true do table.sort(t, function(a, b) return a > b end) table.sort(t) end
end
function on_event(event) return attack(event) end
return attack()
