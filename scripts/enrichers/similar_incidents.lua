-- What past incidents that looked like this one were caused by.
--
-- Likeness is the engine's: the share of what alerted that both have (0 to 1, Jaccard). Only incidents whose cause a
-- person has labelled count (`nocturne label`). Causes that come more than once are told once, with their number.

local DAY_MS <const> = 24 * 60 * 60 * 1000

-- The causes of the past incidents that are alike enough: the most alike first, each once.
local function causes_of(past, least)
  local causes <const>, by_text <const> = {}, {}
  for _, incident in ipairs(past) do
    if incident.likeness >= least and incident.cause ~= "" then
      local cause = by_text[incident.cause]
      if not cause then
        cause = { text = incident.cause, count = 0, likeness = incident.likeness, id = incident.id, last = 0 }
        by_text[incident.cause] = cause
        causes[#causes + 1] = cause
      end
      cause.count = cause.count + 1
      cause.last = math.max(cause.last, incident.opened_at)
    end
  end
  return causes
end

-- "connection pool exhausted (3 times, last 20 d ago, 80 % alike, I12)"
local function describe(cause, now)
  return string.format("%s (%s, last %d d ago, %d %% alike, %s)", cause.text,
                       cause.count == 1 and "once" or cause.count .. " times", (now - cause.last) // DAY_MS,
                       math.floor(cause.likeness * 100 + 0.5), cause.id)
end

return {
  name = "similar_incidents",
  version = "1.0.0",
  kind = "enricher",
  api = 1,
  mode = "auto",
  summary = "past incidents that look like this one, and their causes",
  wants = { history = true, writes = { "annotations" } },

  parameters = {
    likeness = { type = "number", default = 0.5, min = 0, max = 1, help = "how alike an incident must be" },
    looked_at = { type = "integer", default = 20, min = 1, max = 100, help = "past incidents that are looked at" },
    causes = { type = "integer", default = 3, min = 1, max = 10, help = "causes that are told" },
  },

  on_incident = function(incident, parameters)
    local causes <const> = causes_of(nocturne.past(parameters.looked_at), parameters.likeness)
    local lines <const> = {}
    for i = 1, math.min(#causes, parameters.causes) do
      lines[i] = describe(causes[i], nocturne.now())
    end
    if #lines > 0 then
      nocturne.annotate("similar_incidents", table.concat(lines, "; "))
      nocturne.annotate("likely_cause", causes[1].text)
    end
  end,
}
