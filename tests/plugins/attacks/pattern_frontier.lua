-- frontier pattern over a long set (sandbox rule 16)
local function attack(event)
  local s = ("a"):rep(200000)
  for i = 1, 1000 do s:gsub("%f[" .. ("b"):rep(1000) .. "]", "") end
  return true
end
function on_event(event) return attack(event) end
return attack()
