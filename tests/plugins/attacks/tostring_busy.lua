-- a busy __tostring, __index, __len, __eq, __lt and __concat (sandbox rule 16)
local function attack(event)
  local spin = function() while true do end end
  local mt = {__tostring = spin, __index = spin, __len = spin, __eq = spin, __lt = spin, __concat = spin, __name = spin}
  local o = setmetatable({}, mt)
  pcall(tostring, o)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
