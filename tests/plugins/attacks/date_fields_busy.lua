-- os.time of a table whose fields are busy (sandbox rule 16)
local function attack(event)
  return os.time(setmetatable({}, {__index = function() while true do end end}))
end
function on_event(event) return attack(event) end
return attack()
