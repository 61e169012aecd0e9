-- suspended coroutines without end (sandbox rule 21)
local function attack(event)
  local t = {}
  while true do
    local c = coroutine.create(function() coroutine.yield() end)
    coroutine.resume(c)
    t[#t + 1] = c
  end
end
function on_event(event) return attack(event) end
return attack()
