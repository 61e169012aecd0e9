-- at the brim of memory, on and on (sandbox rule 29)
local function attack(event)
  local keep = {}
  while pcall(function() keep[#keep + 1] = ("x"):rep(1000) .. #keep end) do end
  for i = 1, 1000000 do pcall(string.rep, "y", 5000) end
  return "escape"
end
function on_event(event) return attack(event) end
return attack()
