-- a placeholder __gc into which a function is put later (sandbox rule 13)
local function attack(event)
  local ran = false
  local mt = {__gc = true}
  pcall(setmetatable, {}, mt)
  mt.__gc = function() ran = true end
  for i = 1, 200000 do local t = {} end
  if ran then return "escape: a finalizer ran" end
  return true
end
function on_event(event) return attack(event) end
return attack()
