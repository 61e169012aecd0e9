-- a busy __index of a replacement table of gsub (sandbox rule 16)
local function attack(event)
  local t = setmetatable({}, {__index = function() while true do end end})
  return (("a"):gsub("a", t))
end
function on_event(event) return attack(event) end
return attack()
