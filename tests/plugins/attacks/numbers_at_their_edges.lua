-- math, utf8 and pack with the least and the greatest numbers and with NaN (sandbox rule 40)
local function attack(event)
  for _, n in ipairs { math.mininteger, math.maxinteger, 0 / 0, 1 / 0, -1 / 0, 0, -1 } do
    for _, f in ipairs { math.random, math.randomseed, math.tointeger, math.abs, math.fmod, math.ult, utf8.char } do
      pcall(f, n) pcall(f, n, n) pcall(f, n, 0) pcall(f, n, -1)
    end
    for _, f in ipairs { utf8.len, utf8.offset, utf8.codepoint, string.sub, string.byte, string.find } do
      pcall(f, "x", n) pcall(f, "x", n, n) pcall(f, "x", 1, n)
    end
    pcall(string.unpack, "i1", "abc", n) pcall(select, n, 1) pcall(table.concat, {}, "", n, n)
  end
  return math.mininteger // -1 == math.mininteger and math.mininteger % -1 == 0
end
function on_event(event) return attack(event) end
return attack()
