-- no text shows an address (sandbox rule 14)
local function attack(event)
  local texts = {tostring({}), tostring(print), tostring(coroutine.create(print)), ("%s"):format({}), ("%p"):format({}), tostring(io)}
  local ok, m = pcall(function() return {} .. "x" end)
  texts[#texts + 1] = m
  texts[#texts + 1] = select(2, pcall(error, setmetatable({}, {__name = "me"})))  and "x"
  for _, t in ipairs(texts) do if t:find("0x%x+") or t:find("%x%x%x%x%x%x") then return "escape: " .. t end end
  return true
end
function on_event(event) return attack(event) end
return attack()
