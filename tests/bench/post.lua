-- SPDX-License-Identifier: GPL-3.0-or-later
-- wrk posts the file named by BENCH_BODY; the request is rendered once.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["anthropic-version"] = "2023-06-01"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
file:close()

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format('RESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"status":%d,"socket":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
