-- Clear the cache of a full disk.
--
-- Only where an alert about the disk fires on the first suspect itself: elsewhere the disk may be full because of something
-- else that is wrong. What counts as a cache is the listed program's business, not Lua's; it is told how old files must be.

local action <const> = nocturne.action

local function is_about_disk(check, words)
  check = check:lower()
  for word in words:gmatch("[^,%s]+") do
    if check:find(word, 1, true) then
      return true
    end
  end
  return false
end

return {
  name = "clear_cache",
  version = "1.0.0",
  kind = "playbook",
  api = 1,
  mode = "auto",
  summary = "clears the cache of a disk that is full",
  prose = [[
Deletes what can be made again, and nothing younger than `hours`. If the disk is still full after it, the run fails:
then it is not the cache, and somebody must look.]],
  risk = "low",
  reversible = false,

  when = { incident = 'severity=~"minor|major|critical"', confidence_min = 0.5 },
  wants = { effectors = { "command:{program}", "check:{check_program}" } },
  limits = { cooldown = "1h", healthy_min = 0, dependents_max = 1000 },

  parameters = {
    checks = { type = "string", default = "disk,filesystem,inode,no_space", help = "parts of checks about disks" },
    program = { type = "string", default = "clear-cache", help = "listed program; gets node, hours" },
    check_program = { type = "string", default = "disk-has-room",
                      help = "listed program, read_only; gets node, percent; ends with 0 when there is room" },
    hours = { type = "integer", default = 24, min = 1, max = 8760, help = "what is younger stays" },
    percent = { type = "integer", default = 20, min = 1, max = 99, help = "free space that is enough" },
    patience = { type = "string", default = "2m", help = "how long it may take until there is room" },
  },

  plan = function(incident, ctx)
    local node <const>, set <const> = ctx.suspect and ctx.suspect.resource, ctx.parameters
    if not node then
      return nil, "the incident has no suspect"
    end
    local full
    for _, alert in ipairs(incident.alerts) do
      if alert.firing and alert.resource == node and is_about_disk(alert.check, set.checks) then
        full = alert
        break
      end
    end
    if not full then
      return nil, "no alert about its disk fires on " .. node
    end
    return {
      summary = string.format("clear the cache of %s (%s)", node, full.check),
      steps = {
        {
          name = "clear the cache of " .. node,
          idempotent = true,
          run = action.command{ set.program, node = node, hours = set.hours, timeout = "5m" },
          verify = action.check{ set.check_program, node = node, percent = set.percent, timeout = set.patience },
        },
      },
    }
  end,
}
