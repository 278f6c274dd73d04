-- Asks for the lines of a file in turn, and prints what came of it as JSON.
--
-- A line is a target, and where a tab follows, the field Authorization. wrk takes the script with `-- HOST FILE`.

local asked, last = {}, 0

function init(args)
  for line in io.lines(args[2]) do
    local target, authorization = line:match("^([^\t]*)\t?(.*)$")
    local fields = { Host = args[1] }
    if authorization ~= "" then fields["Authorization"] = authorization end
    asked[#asked + 1] = wrk.format("GET", target, fields)
  end
end

function request()
  last = last % #asked + 1
  return asked[last]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  local line = '\n{"requests":%d,"seconds":%f,"refused":%d,"failed":%d,"p50":%f,"p99":%f}\n'
  io.write(line:format(summary.requests, summary.duration / 1e6, errors.status, failed,
    latency:percentile(50), latency:percentile(99)))
end
