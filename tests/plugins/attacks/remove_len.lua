-- table.remove with a __len of 2^60 (sandbox rule 16)
local function attack(event)
  table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
