-- Posts the lines of the file BODIES, each thread from another place and each body made different; gets where there is none.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  bodies, sent = {}, 0
  local file = os.getenv("BODIES")
  if file and file ~= "" then
    for line in io.lines(file) do bodies[#bodies + 1] = line end
  end
  wrk.headers["Content-Type"] = "application/json"
  local name, value = (os.getenv("HEADER") or ""):match("^([^:]+): (.*)$")
  if name then wrk.headers[name] = value end
  begin = number * 3571
end

function request()
  if #bodies == 0 then return wrk.format("GET") end
  sent = sent + 1
  local body = bodies[(begin + sent) % #bodies + 1]
  return wrk.format("POST", nil, nil, (body:gsub("@@", number .. "-" .. sent .. "-" .. os.time(), 1)))
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT requests=%d rate=%.1f p50=%d p99=%d p999=%d failed=%d\n", summary.requests,
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), failed))
end
