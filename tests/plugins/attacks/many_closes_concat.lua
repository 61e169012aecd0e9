-- thousands of pending __close that are long functions in C (sandbox rule 20)
local function attack(event)
  local t = {} for i = 1, 5000 do t[i] = "x" end
  local mt = {__close = function() end}
  mt.__close = function() table.concat(t) end
  local function f(n) local x <close> = setmetatable({}, mt) if n == 0 then while true do end end return (f(n - 1)) end
  pcall(f, 3000)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
