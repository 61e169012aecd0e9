-- string.pack and unpack of odd formats (sandbox rule 16)
local function attack(event)
  pcall(string.pack, ("i"):rep(100000))
  pcall(string.pack, "!16" .. ("Xd"):rep(1000))
  pcall(string.unpack, "s8", ("\255"):rep(8))
  pcall(string.unpack, "z", ("x"):rep(1000))
  pcall(string.pack, "i17", 1)
  pcall(string.packsize, ("c2147483647"):rep(3))
  pcall(string.rep, "", 5, "")
  return true
end
function on_event(event) return attack(event) end
return attack()
