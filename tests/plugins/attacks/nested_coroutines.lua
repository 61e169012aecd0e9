-- fourteen layers of six coroutines with ten steps each (sandbox rule 21)
local function attack(event)
  local function layer(n)
    for i = 1, 6 do
      local f = coroutine.wrap(function() for s = 1, 10 do if n > 0 then layer(n - 1) end end end)
      f()
    end
  end
  layer(14)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
