-- recursion without end (sandbox rule 32)
local function attack(event)
  local function f(n) return 1 + f(n + 1) end
  return (pcall(f, 1)) and "escape" or true
end
function on_event(event) return attack(event) end
return attack()
