-- table.concat of 2^50 empty texts (sandbox rule 16)
local function attack(event)
  table.concat(setmetatable({}, {__index = function() return "" end}), "", 1, 1 << 50)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
