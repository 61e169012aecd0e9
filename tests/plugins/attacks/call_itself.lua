-- a value whose __call is the value itself: one call shifts the stack until it is full (sandbox rule 24)
local function attack(event)
  local t = setmetatable({}, {}) getmetatable(t).__call = t
  return pcall(t)
end
function on_event(event) return attack(event) end
return attack()
