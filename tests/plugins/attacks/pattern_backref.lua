-- back references of long captures (sandbox rule 16)
local function attack(event)
  local s = ("a"):rep(50000)
  s:match("(.-)(.-)(.-)%1%2%3b")
  return true
end
function on_event(event) return attack(event) end
return attack()
