-- coroutine.close on a coroutine that was killed (sandbox rule 19)
local function attack(event)
  local function busy() while true do end end
  local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = busy})
    busy()
  end)
  pcall(coroutine.resume, co)
  pcall(coroutine.close, co)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
