-- wrk: posts one body a request from BODIES (one a line), each connection thread from its own start.
-- CONTENT_TYPE, AUTHORIZATION and PAGES (adds ?uri=/page-N, which Isso wants) come from the environment;
-- UNESCAPE=1 turns the two characters \n of a line into CRLF.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  bodies = {}
  for line in io.lines(os.getenv("BODIES")) do
    if os.getenv("UNESCAPE") == "1" then line = line:gsub("\\n", "\r\n") end
    bodies[#bodies + 1] = line
  end
  sent = number * 3571 + tonumber(os.getenv("START") or "0")
  pages = tonumber(os.getenv("PAGES") or "0")
  wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE") or "application/json"
  if os.getenv("AUTHORIZATION") then wrk.headers["Authorization"] = os.getenv("AUTHORIZATION") end
end

function request()
  sent = sent + 1
  local path = nil
  if pages > 0 then path = wrk.path .. "?uri=%2Fpage-" .. (sent % pages) end
  return wrk.format("POST", path, nil, bodies[sent % #bodies + 1])
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT requests=%d seconds=%.6f p50=%d p99=%d p999=%d refused=%d broken=%d\n",
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9), e.status, e.connect + e.read + e.write + e.timeout))
end
