-- layers of pcall and wrap around a busy loop (sandbox rule 17)
local function attack(event)
  local function f(n) if n == 0 then while true do end end pcall(coroutine.wrap(function() pcall(f, n - 1) end)) end
  f(20)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
