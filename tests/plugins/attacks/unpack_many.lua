-- unpack of ten million values (sandbox rule 16)
local function attack(event)
  local ok = pcall(table.unpack, {}, 1, 10000000)
  if ok then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
