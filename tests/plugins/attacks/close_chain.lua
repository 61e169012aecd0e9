-- ten thousand coroutines that close one another (sandbox rule 33)
local function attack(event)
  local previous
  for i = 1, 10000 do
    local mine = previous
    local co = coroutine.create(function()
      local x <close> = setmetatable({}, {__close = function() if mine then coroutine.close(mine) end end})
      coroutine.yield()
    end)
    coroutine.resume(co)
    previous = co
  end
  pcall(coroutine.close, previous)
  return true
end
function on_event(event) return attack(event) end
return attack()
