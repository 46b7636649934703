-- Sign requests for wrk (https://github.com/wg/wrk), to each key in turn.
-- Arguments: a file with the template of a body and a path on each further line, the first epoch,
-- and how much later the epoch of the next request is: 0 for one root.

local headers = {["Content-Type"] = "application/json", ["Accept"] = "application/json"}
local made = {}
local paths, template, epoch, step = {}, nil, nil, nil
local turn = 0

local function make(path)
  local slot, root = epoch * 32, string.format("0x%064x", epoch)
  local body = string.format(template, slot, root, epoch - 1, root, epoch, root)
  return wrk.format("POST", path, headers, body)
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    if template then paths[#paths + 1] = line else template = line end
  end
  epoch, step = tonumber(arguments[2]), tonumber(arguments[3])
end

function request()
  turn = turn % #paths + 1
  if step == 0 then
    made[turn] = made[turn] or make(paths[turn])
    return made[turn]
  end
  epoch = epoch + step
  return make(paths[turn])
end

function done(summary, latency)
  local failed = 0
  for _, number in pairs(summary.errors) do failed = failed + number end
  local figures = '{"count": %d, "elapsed": %d, "failed": %d, "p50": %d, "p99": %d}\n'
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format(figures, summary.requests, summary.duration, failed, p50, p99))
end
