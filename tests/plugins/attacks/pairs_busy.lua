-- a busy __pairs, and pairs over a large table again and again (sandbox rule 16)
local function attack(event)
  local t = {} for i = 1, 10000 do t["k" .. i] = i end
  while true do for k in pairs(t) do break end end
end
function on_event(event) return attack(event) end
return attack()
