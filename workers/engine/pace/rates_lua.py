"""The scripts of `workers.engine.pace.rates` that run inside Redis, each in one step, by Redis's own clock."""

from typing import Final

# KEYS: the lane's next free instant; the brake; the same of the lane that this one must not run behind; the cut.
# ARGV: segments; segments per second (0: no limit); the longest wait; an instant known to be taken; the rate under a
# cut. Microseconds.
# Answers {granted, wait, next free instant}. A floor of before a wipe of Redis never blocks longer than a slot may.
SLOT_LUA: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, patience = tonumber(ARGV[2]), tonumber(ARGV[3])
local start = now
local brake = redis.call('HMGET', KEYS[2], 'hasta', 'ritmo', 'sube')
if brake[1] then
    start = math.max(start, tonumber(brake[1]))
end
start = math.max(start, tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(redis.call('GET', KEYS[3]) or 0))
if brake[1] then
    local allowed = tonumber(brake[2]) + tonumber(brake[3]) * (start - tonumber(brake[1])) / 1000000
    if rate == 0 or allowed < rate then rate = allowed end
end
local cut = redis.call('HGET', KEYS[4], 'hasta')
if cut then
    start = math.max(start, tonumber(cut))
    if rate == 0 or tonumber(ARGV[5]) < rate then rate = tonumber(ARGV[5]) end
end
if rate == 0 then return {1, 0, 0} end
local cost = math.ceil(tonumber(ARGV[1]) * 1000000 / rate)
start = math.max(start, math.min(tonumber(ARGV[4]), now + patience + cost))
if start - now > patience then return {0, math.ceil(start - now), 0} end
local free = math.ceil(start + cost)
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000) + 1000)
return {1, math.ceil(start - now), free}
"""

# KEYS: the brake; what all processes sent. ARGV: what Twilio asks for (-1: nothing), the first and the longest pause,
# the memory of a brake, in microseconds; a random number below 1; segments per second that the caller was sending, and
# the least to go on with; the sender's own rate (0: no limit).
# All the refusals of one moment are one: only the first brakes, and a longer Retry-After prolongs.
BRAKE_LUA: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local asked, memory = tonumber(ARGV[1]), tonumber(ARGV[4])
local known = redis.call('HMGET', KEYS[1], 'hasta', 'ritmo', 'sube', 'nivel')
local level, rate, least = tonumber(known[4] or 0), tonumber(ARGV[6]), tonumber(ARGV[7])
local release = now + asked
if known[1] and now < tonumber(known[1]) then
    if release <= tonumber(known[1]) then return 0 end
    redis.call('HSET', KEYS[1], 'hasta', string.format('%.0f', release))
else
    if asked < 0 then
        local pause = math.min(tonumber(ARGV[2]) * 2 ^ level, tonumber(ARGV[3]))
        release = now + math.floor(pause * (0.5 + tonumber(ARGV[5]) / 2))
    end
    if known[1] then
        rate = tonumber(known[2]) + tonumber(known[3]) * (now - tonumber(known[1])) / 1000000
    end
    local sent = redis.call('HMGET', KEYS[2], 'segundo', 'ahora', 'antes')
    if not known[1] and sent[1] and tonumber(sent[1]) >= tonumber(time[1]) - 2 then
        rate = math.max(rate, tonumber(sent[2]), tonumber(sent[3]))
        if tonumber(ARGV[8]) > 0 then rate = math.min(rate, tonumber(ARGV[8])) end
    end
    rate = math.max(rate / 2, least)
    redis.call('HSET', KEYS[1], 'hasta', string.format('%.0f', release), 'nivel', level + 1,
        'ritmo', tostring(rate), 'sube', tostring(math.max(rate / 10, least / 2)))
end
redis.call('PEXPIRE', KEYS[1], math.ceil((release - now + memory) / 1000))
return 1
"""

# KEYS: the cut. ARGV: the first and the longest pause, the memory of a cut, in microseconds; a random number below 1; 1
# for a refusal, 0 for a silence. All the failures of one moment are one. Answers how many refusals it has met.
CUT_LUA: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local known = redis.call('HMGET', KEYS[1], 'hasta', 'nivel')
local refused = redis.call('HINCRBY', KEYS[1], 'negados', 0)
if known[1] and now < tonumber(known[1]) then return refused end
local level = tonumber(known[2] or 0)
local pause = math.min(tonumber(ARGV[1]) * 2 ^ level, tonumber(ARGV[2])) * (0.5 + tonumber(ARGV[4]) / 2)
redis.call('HSET', KEYS[1], 'hasta', string.format('%.0f', now + pause), 'nivel', math.min(level + 1, 30))
redis.call('PEXPIRE', KEYS[1], math.ceil((pause + tonumber(ARGV[3])) / 1000))
return redis.call('HINCRBY', KEYS[1], 'negados', ARGV[5])
"""

# KEYS: what all processes sent. ARGV: how many one of them sent in about a second. Each tells of every second once, so
# that those of one second together are the rate.
SENT_LUA: Final = """
local now = tonumber(redis.call('TIME')[1])
local known = redis.call('HMGET', KEYS[1], 'segundo', 'ahora')
local before, sent = 0, tonumber(ARGV[1])
if tonumber(known[1]) == now then
    redis.call('HINCRBY', KEYS[1], 'ahora', sent)
else
    if tonumber(known[1]) == now - 1 then before = known[2] end
    redis.call('HSET', KEYS[1], 'segundo', now, 'ahora', sent, 'antes', before)
    redis.call('EXPIRE', KEYS[1], 10)
end
return 1
"""
