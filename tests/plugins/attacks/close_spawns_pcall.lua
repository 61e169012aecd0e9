-- a pending __close that calls its own function under pcall, in a killed call (sandbox rule 20)
local function attack(event)
  local function g()
    local x <close> = setmetatable({}, {__close = function() pcall(g) while true do end end})
    while true do end
  end
  g()
  return true
end
function on_event(event) return attack(event) end
return attack()
