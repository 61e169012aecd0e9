-- a repetition whose length overflows (sandbox rule 29)
local function attack(event)
  pcall(string.rep, "xx", math.maxinteger, "yy")
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
