-- a busy pending __close in a killed coroutine (sandbox rule 19)
local function attack(event)
  local function busy() while true do end end
  local f = coroutine.wrap(function()
    local x <close> = setmetatable({}, {__close = busy})
    busy()
  end)
  pcall(f)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
