-- the globals that load hands out are the curated ones (sandbox rule 9)
local function attack(event)
  local f = load("return _ENV")
  local e = f and f()
  if e and (e ~= _G or e.io or e.debug or e.package or e.dofile or e.require or e.loadfile or e.loadstring or e.warn) then return "escape" end
  if string.dump then return "escape: dump" end
  return true
end
function on_event(event) return attack(event) end
return attack()
