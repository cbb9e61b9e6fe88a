"""The scripts of `workers.engine.pace.rates` that run inside Redis, each in one step, by Redis's own clock."""

from typing import Final

# `count` keeps what all processes sent in this second of Redis's clock, and in the one before it. What they tell within
# a second is summed, so a whole second is their rate.
COUNT_LUA: Final = """
local function count(key, second, segments)
    if segments == 0 then return end
    local known = redis.call('HMGET', key, 'segundo', 'ahora')
    if tonumber(known[1]) == second then
        redis.call('HINCRBY', key, 'ahora', segments)
    else
        local before = 0
        if tonumber(known[1]) == second - 1 then before = known[2] end
        redis.call('HSET', key, 'segundo', second, 'ahora', segments, 'antes', before)
        redis.call('EXPIRE', key, 10)
    end
end
"""

# `grown` is the rate of a brake so many microseconds after its release: it doubles again and again.
GROWN_LUA: Final = """
local function grown(rate, since, double) return rate * 2 ^ math.min(math.max(since, 0) / double, 60) end
"""

# KEYS: the lane's next free instant; the brake; the same of the lane that this one must not run behind; the cut; what
# all processes sent. ARGV: segments; segments per second (0: no limit); the longest wait; an instant known to be taken;
# the rate under a cut; the time in which a brake's rate doubles; 1 if what is granted is sent. Microseconds.
# Answers {granted, wait, next free instant}. A floor of before a wipe of Redis never blocks longer than a slot may.
SLOT_LUA: Final = f"""
{COUNT_LUA}{GROWN_LUA}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local segments, rate, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local sent = tonumber(ARGV[7]) * segments
local start = now
local brake = redis.call('HMGET', KEYS[2], 'hasta', 'ritmo')
if brake[1] then
    start = math.max(start, tonumber(brake[1]))
end
start = math.max(start, tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(redis.call('GET', KEYS[3]) or 0))
if brake[1] then
    local allowed = grown(tonumber(brake[2]), start - tonumber(brake[1]), tonumber(ARGV[6]))
    if rate == 0 or allowed < rate then rate = allowed end
end
local cut = redis.call('HGET', KEYS[4], 'hasta')
if cut then
    start = math.max(start, tonumber(cut))
    if rate == 0 or tonumber(ARGV[5]) < rate then rate = tonumber(ARGV[5]) end
end
if rate == 0 then
    count(KEYS[5], tonumber(time[1]), sent)
    return {{1, 0, 0}}
end
local cost = math.ceil(segments * 1000000 / rate)
start = math.max(start, math.min(tonumber(ARGV[4]), now + patience + cost))
if start - now > patience then return {{0, math.ceil(start - now), 0}} end
local free = math.ceil(start + cost)
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000) + 1000)
count(KEYS[5], tonumber(time[1]), sent)
return {{1, math.ceil(start - now), free}}
"""

# KEYS: the brake; the cut; what all processes sent. ARGV: the segments that one of them sent and has not told yet.
# Answers whether a brake or a cut is on, or was lately.
LOOK_LUA: Final = f"""
{COUNT_LUA}
count(KEYS[3], tonumber(redis.call('TIME')[1]), tonumber(ARGV[1]))
return redis.call('EXISTS', KEYS[1], KEYS[2])
"""

# KEYS: the brake; what all processes sent. ARGV: what Twilio asks for (-1: nothing), the first and the longest pause,
# the shortest memory of a brake, the time in which its rate doubles and in which its level falls by one, in
# microseconds; a random number below 1; segments per second that the caller was sending, and segments that it has not
# told yet; the least rate to go on with; the sender's own (0: no limit), and the one that nobody reaches.
# All the refusals of one moment are one: only the first brakes, and a longer Retry-After prolongs.
BRAKE_LUA: Final = f"""
{COUNT_LUA}{GROWN_LUA}
local time = redis.call('TIME')
local second = tonumber(time[1])
local now = second * 1000000 + time[2]
local asked, memory, double, calm = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local own, most = tonumber(ARGV[11]), tonumber(ARGV[12])
local known = redis.call('HMGET', KEYS[1], 'hasta', 'ritmo', 'nivel')
local rate, level = tonumber(known[2] or 0), tonumber(known[3] or 0)
local release = now + asked
count(KEYS[2], second, tonumber(ARGV[9]))
if known[1] and now < tonumber(known[1]) then
    if release <= tonumber(known[1]) then return 0 end
else
    local told = redis.call('HMGET', KEYS[2], 'segundo', 'ahora', 'antes')
    local sent = tonumber(ARGV[8])
    if told[1] and tonumber(told[1]) >= second - 2 then
        sent = math.max(sent, tonumber(told[2]), tonumber(told[3]))
    end
    if own > 0 then sent = math.min(sent, own) end
    if known[1] then
        local since = now - tonumber(known[1])
        local allowed = grown(rate, since, double)
        level = math.max(0, level - since / calm)
        -- So soon after a release no whole second was counted.
        if since < 2000000 or allowed < sent then sent = allowed end
    end
    if asked < 0 then
        local pause = math.min(tonumber(ARGV[2]) * 2 ^ level, tonumber(ARGV[3]))
        release = now + math.floor(pause * (0.5 + tonumber(ARGV[7]) / 2))
    end
    rate = math.max(sent / 2, tonumber(ARGV[10]))
    level = math.min(level + 1, 30)
end
redis.call('HSET', KEYS[1], 'hasta', string.format('%.0f', release), 'nivel', tostring(level), 'ritmo', tostring(rate))
-- Until it holds nobody any more, and is no reason for a longer pause.
local grows = math.max(0, math.log(most / rate) / math.log(2)) * double
local kept = math.max(memory, grows, level * calm)
redis.call('PEXPIRE', KEYS[1], math.ceil((release - now + kept) / 1000))
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
