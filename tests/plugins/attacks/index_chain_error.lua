-- errors that name a value at the end of a long chain (sandbox rule 25)
local function attack(event)
  local s = "local a = setmetatable({}, {__index = function(t) return t end}); local r = a" .. (".b"):rep(16000) .. " + 1"
  local f = load(s)
  if not f then return true end
  for i = 1, 100 do pcall(f) end
  return true
end
function on_event(event) return attack(event) end
return attack()
