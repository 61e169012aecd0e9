-- gmatch over empty matches, again and again (sandbox rule 16)
local function attack(event)
  local s = ("a"):rep(100000)
  while true do for m in s:gmatch("b*") do end end
end
function on_event(event) return attack(event) end
return attack()
