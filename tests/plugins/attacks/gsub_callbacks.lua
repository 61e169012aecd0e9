-- gsub in its own callback, without end (sandbox rule 32)
local function attack(event)
  local function f() return (("x"):gsub("x", f)) end
  local ok = pcall(f)
  if ok then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
