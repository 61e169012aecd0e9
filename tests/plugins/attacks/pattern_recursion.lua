-- a pattern with 300 nested captures (sandbox rule 32)
local function attack(event)
  local ok, m = pcall(string.match, "x", ("("):rep(300) .. "x" .. (")"):rep(300))
  if ok then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
