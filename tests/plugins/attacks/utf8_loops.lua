-- utf8 over long texts, again and again (sandbox rule 16)
local function attack(event)
  local s = ("\u{20AC}"):rep(300000)
  while true do utf8.len(s) end
end
function on_event(event) return attack(event) end
return attack()
