-- the metatable of strings is out of reach (sandbox rule 11)
local function attack(event)
  if type(getmetatable("")) == "table" then return "escape" end
  if pcall(setmetatable, "", {}) then return "escape" end
  if getmetatable(print) or getmetatable(1) or getmetatable(nil) or getmetatable(true) then return "escape" end
  return true
end
function on_event(event) return attack(event) end
return attack()
