-- load with a reader function, a mode and an environment (sandbox rule 9)
local function attack(event)
  local ok, f = pcall(load, function() while true do end end)
  if ok and f then return "escape: reader" end
  local g = load("return os, io, debug, package, require", "x", "b")
  local h = load("\27Lua", "x", "b")
  if h then return "escape: bytecode" end
  if g then local o, i, d, p = g() if i or d or p then return "escape: load" end end
  return true
end
function on_event(event) return attack(event) end
return attack()
