-- a comparison that is never content (sandbox rule 16)
local function attack(event)
  local t = {} for i = 1, 20000 do t[i] = i % 7 end
  for i = 1, 1000 do pcall(table.sort, t, function() return true end) pcall(table.sort, t, function(a, b) return a <= b end) end
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
