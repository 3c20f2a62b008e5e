-- wrk: the requests of a file, one after the other; each line is a host and a path. Reports one line of JSON.
local texts, count, turn = {}, 0, 0

function init(arguments)
    for line in io.lines(arguments[1]) do
        local host, path = line:match("^(%S+) (%S+)$")
        count = count + 1
        texts[count] = wrk.format("GET", path, { Host = host })
    end
end

function request()
    turn = turn % count + 1
    return texts[turn]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": '
            .. '{"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        e.connect, e.read, e.write, e.status, e.timeout
    ))
end
