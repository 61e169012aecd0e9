-- table.move around the largest integers (sandbox rule 16)
local function attack(event)
  pcall(table.move, {}, math.mininteger, math.maxinteger, 1)
  pcall(table.move, {1, 2, 3}, 1, 3, math.maxinteger - 1)
  return true
end
function on_event(event) return attack(event) end
return attack()
