-- nested functions, blocks, and operators without end (sandbox rule 32)
local function attack(event)
  for _, s in ipairs{("("):rep(10000), ("do "):rep(10000), "return " .. ("-"):rep(10000) .. "1", "return " .. ("function() "):rep(3000), "x = " .. ("a."):rep(10000) .. "b", ("if x then "):rep(3000), "return " .. ("{"):rep(10000)} do load(s) end
  return true
end
function on_event(event) return attack(event) end
return attack()
