-- weak keys that are turned on after the metatables were given (sandbox rule 24)
local function attack(event)
  local mt, tables = {}, {}
  local k = {}
  local first = k
  for i = 1, 8000 do
    local t, nk = setmetatable({}, mt), {}
    t[k] = nk
    tables[#tables + 1] = t
    k = nk
  end
  mt.__mode = "k"
  k = nil
  for i = 1, 100000 do local s = {} end
  return true
end
function on_event(event) return attack(event) end
return attack()
