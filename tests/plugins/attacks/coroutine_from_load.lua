-- a coroutine made earlier than the call that resumes it (sandbox rule 23)
local function attack(event)
  late = late or coroutine.wrap(function() while true do end end)
  pcall(late)
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
