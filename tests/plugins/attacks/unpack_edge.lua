-- unpack around the largest integers (sandbox rule 16)
local function attack(event)
  local ok = pcall(table.unpack, {}, math.mininteger, math.maxinteger)
  local ok2 = pcall(table.unpack, {}, math.maxinteger - 1, math.maxinteger)
  if ok then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
