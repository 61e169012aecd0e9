-- benign: a yield across pcall, xpcall, a metamethod and pairs (sandbox rule 48)
local function attack(event)
  local co = coroutine.wrap(function()
    local ok, v = pcall(function() return coroutine.yield(1) + 1 end)
    local ok2, w = xpcall(function() return coroutine.yield(v) + 1 end, function(m) return m end)
    local o = setmetatable({}, {__index = function(t, k) return coroutine.yield(k) end})
    return w .. o.x
  end)
  if co() ~= 1 then return "first" end
  if co(1) ~= 2 then return "second" end
  if co(10) ~= "x" then return "third" end
  if co("!") ~= "11!" then return "fourth" end
  return true
end
function on_event(event) return attack(event) end
return attack()
