-- For the stories of detectors of series: samples five minutes apart, and what to feed.

local series <const> = { STEP = 300, DAY = 288 }  -- seconds; samples of a day

-- Feeds `count` samples of `value_of(i)`, i from 0 on or where the last feed ended; how many scored 0.5 or more.
function series.feeder(t)
  local now = 0
  return function(count, value_of)
    local alerts = 0
    for i = now, now + count - 1 do
      local score = t.sample("cpu", i * series.STEP, value_of(i))
      if score then
        t.truthy(score >= 0 and score <= 1)
        alerts = alerts + (score >= 0.5 and 1 or 0)
      end
    end
    now = now + count
    return alerts
  end
end

-- The same noise in every run, -1 to 1.
function series.noise(i)
  return (i * 7919 + i * i * 104729) % 2000 / 1000 - 1
end

function series.flat(value)
  return function() return value end
end

return series
