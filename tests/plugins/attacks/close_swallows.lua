-- a __close that raises another error over the kill (sandbox rule 17)
local function attack(event)
  pcall(function()
    local x <close> = setmetatable({}, {__close = function() error("mine") end})
    while true do end
  end)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
