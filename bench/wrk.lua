-- wrk -s wrk.lua URL -- FILE: posts the lines of FILE, one after another, over and over; ends with a line of JSON.
local requests, last = {}, 0

function init(args)
  for body in io.lines(args[1]) do
    -- Put together once: what wrk itself costs is taken from the same processors.
    requests[#requests + 1] = wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)
  ))
end
