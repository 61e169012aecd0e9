-- formats of the widest kind (sandbox rule 14)
local function attack(event)
  for i = 1, 1000 do local s = ("%99.99f"):format(1e308) end
  local ok = pcall(string.format, "%100d", 1)
  if ok then return "escape" end
  local ok2 = pcall(string.format, "%.999f", 1)
  if ok2 then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
