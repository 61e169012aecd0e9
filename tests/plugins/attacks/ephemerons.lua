-- chained weak keys before a step of the collector (sandbox rule 24)
local function attack(event)
  local mt, keep = {__mode = "k"}, {}
  local k = {}
  keep[1] = k
  local tables = {}
  for i = 1, 20000 do
    local t, nk = setmetatable({}, mt), {}
    t[k] = nk
    tables[#tables + 1] = t
    k = nk
  end
  for i = 1, 100000 do local s = {} end
  return true
end
function on_event(event) return attack(event) end
return attack()
