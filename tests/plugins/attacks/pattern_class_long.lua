-- a class of thousands of characters, negated, over a long text (sandbox rule 16)
local function attack(event)
  local class = "[^" .. ("b"):rep(20000) .. "]*c"
  return (("a"):rep(20000):match(class)) == nil
end
function on_event(event) return attack(event) end
return attack()
