-- thousands of pending __close, each busy (sandbox rule 20)
local function attack(event)
  local mt = {__close = function() while true do end end}
  local function f(n) local x <close> = setmetatable({}, mt) if n == 0 then while true do end end return (f(n - 1)) end
  pcall(f, 3000)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
