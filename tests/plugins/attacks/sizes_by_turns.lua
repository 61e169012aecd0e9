-- blocks of each small size by turns, most of them given back: what lies idle is bounded (sandbox rule 27)
local function attack(event)
  local keep = {}
  for size = 1, 7 do
    local t = {}
    for i = 1, 60000 do t[i] = ("x"):rep(size * 14) .. i end
    for i = 1, 60000, 100 do keep[#keep + 1] = t[i] end
  end
  return #keep == 7 * 600
end
function on_event(event) return attack(event) end
return attack()
