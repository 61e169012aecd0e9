-- an error text with terminal escapes and a megabyte (sandbox rule 37)
local function attack(event)
  error("\27[2J\7\0" .. ("A\n"):rep(200000))
end
function on_event(event) return attack(event) end
return attack()
