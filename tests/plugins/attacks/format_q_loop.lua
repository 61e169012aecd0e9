-- %q of many NULs, again and again (sandbox rule 16)
local function attack(event)
  local s = ("\0"):rep(300000)
  while true do local _ = ("%q"):format(s) end
end
function on_event(event) return attack(event) end
return attack()
