-- closures with upvalues of their own (sandbox rule 27)
local function attack(event)
  local t = {}
  for i = 1, 1e9 do
    local a, b, c, d = i, i, i, i
    t[i] = function() return a + b + c + d end
  end
end
function on_event(event) return attack(event) end
return attack()
