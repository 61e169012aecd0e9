-- errors that are nil, false, NaN and a thread (sandbox rule 36)
local function attack(event)
  pcall(error)
  pcall(error, nil)
  pcall(error, false)
  error(coroutine.create(print))
end
function on_event(event) return attack(event) end
return attack()
