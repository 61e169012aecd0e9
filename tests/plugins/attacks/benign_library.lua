-- benign: the corners of the string and table libraries (sandbox rule 48)
local function attack(event)
  assert(("hello world"):find("o w") == 5)
  assert(("hello"):match("^(h)(.-)o$") == "h")
  assert(("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key")
  assert(("abc"):gsub("%w", "%0%0") == "aabbcc")
  assert(("abc"):gsub("", "-") == "-a-b-c-")
  assert(("hello world"):gsub("o", {o = "0"}) == "hell0 w0rld")
  assert(("x = (a(b)c)"):match("%b()") == "(a(b)c)")
  assert(("THE (quick) fox"):find("%f[%a]%a+%f[%A]") == 1)
  assert(("abcabc"):find("(abc)%1") == 1)
  assert(("  trim  "):match("^%s*(.-)%s*$") == "trim")
  assert(("[]x"):match("[]]") == "]" and ("a-b"):match("[a%-]+") == "a-")
  assert(("abc"):find("b", 1, true) == 2 and ("abc"):find("", 10) == nil and ("abc"):find("", 4) == 4)
  local p = {} for a, b in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do p[#p + 1] = a .. b end
  assert(table.concat(p, ";") == "a1;b2")
  assert(("%5.2f|%-5s|%05d|%x|%q|%s|%c|%%|%g|%i"):format(3.14159, "ab", 42, 255, "a\n", true, 65, 0.1, 7) == " 3.14|ab   |00042|ff|\"a\\\n\"|true|A|%|0.1|7")
  local t = {5, 2, 8, 1} table.sort(t) assert(table.concat(t, ",") == "1,2,5,8")
  table.insert(t, 1, 0) table.insert(t, 9) assert(table.remove(t, 1) == 0 and table.remove(t) == 9 and table.remove({}) == nil)
  assert(table.unpack({1, 2, 3}, 2) == 2 and select("#", table.unpack({}, 1, 3)) == 3 and table.pack(1, nil).n == 2)
  assert(table.concat(table.move({1, 2, 3}, 1, 3, 2), ",") == "1,1,2,3")
  local big = {} for i = 1, 10000 do big[i] = (i * 7919) % 10007 end
  table.sort(big, function(a, b) return a > b end) for i = 2, #big do assert(big[i - 1] > big[i]) end
  local names = {} for k in pairs({b = 1, a = 2, [2] = 1, [1] = 1}) do names[#names + 1] = k end
  assert(table.concat(names, ",") == "1,2,a,b")
  assert(string.pack("<i4", 7) == "\7\0\0\0" and string.unpack("<i4", "\7\0\0\0") == 7)
  assert(utf8.len("\u{20AC}") == 1 and utf8.char(8364) == "\u{20AC}")
  assert(os.date("!%Y-%m-%d", 0) == "1970-01-01" and os.time({year = 1970, month = 1, day = 2, hour = 0}) == 86400)
  assert(load("return 1 + 1")() == 2 and load("x =") == nil and load("return y", "c", "t", {y = 3})() == 3)
  assert(tostring(setmetatable({}, {__tostring = function() return "me" end})) == "me")
  local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end assert(deep(5000) == 5000)
  local log = {}
  do local x <close> = setmetatable({}, {__close = function() log[1] = "closed" end}) end
  assert(log[1] == "closed")
  local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() log[2] = "co" end}) coroutine.yield() end)
  coroutine.resume(co) assert(coroutine.close(co) and log[2] == "co" and coroutine.status(co) == "dead")
  local ok, m = pcall(coroutine.wrap(function() error("in co") end)) assert(not ok and m:find("in co"))
  assert(select(2, coroutine.resume(coroutine.create(function() error({1}) end)))[1] == 1)
  math.randomseed(1) local r = math.random(100) math.randomseed(1) assert(r == math.random(100))
  return true
end
function on_event(event) return attack(event) end
return attack()
