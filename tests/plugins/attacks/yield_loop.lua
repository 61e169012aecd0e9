-- a coroutine that yields for ever (sandbox rule 21)
local function attack(event)
  local co = coroutine.wrap(function() while true do coroutine.yield() end end)
  while true do co() end
end
function on_event(event) return attack(event) end
return attack()
