"""The scripts of the leases, which Redis runs; see leases.py for what they are for.

A lease is "<worker>:<epoch>", or ":<epoch>:<run id of Redis>" where it was released in order.
"""

# KEYS: beats, epochs, generation, sign of the worker, mark of a loss, number of shards.
# ARGV: worker, beat, lease ms, shards where nobody knows a number, lease prefix, wall ms, new
#       generation, willing, steady (both 0 or 1), generation and run id of last time (or ''),
#       shards as this worker was told (or 0), then three lists, each after its length:
#       (shard, epoch) of each lease held; (worker, beat, whether to forget it) of each that is
#       dead; (shard, value, beat) of each lease that was seen unmoved for long enough.
# Returns {workers that may live, generation, run id, kept, lost, taken shards, their epochs,
#          value of each shard's lease, worker and beat of each worker, run id of a Redis that a
#          worker knows to have lost data, number of shards}.
TEND = """
local worker, prefix, at = ARGV[1], ARGV[5], 13
local willing, steady = ARGV[8] == '1', ARGV[9] == '1'
local number, known = tonumber(redis.call('GET', KEYS[6]) or '0'), tonumber(ARGV[12])
if steady and known > number then  -- Redis has forgotten divisions, or all of it
  number = known
  redis.call('SET', KEYS[6], number)
end
local shards = number > 0 and number or math.max(known, tonumber(ARGV[4]))
local function rows(width)
  local found, count = {}, tonumber(ARGV[at])
  at = at + 1
  for row = 1, count do
    found[row] = {}
    for column = 1, width do found[row][column], at = ARGV[at], at + 1 end
  end
  return found
end
local function parse(value)  -- owner ('' if it was released), epoch, run of the release
  local epoch, run = string.match(value, '^:(%d+):(%x+)$')
  if epoch then return '', tonumber(epoch), run end
  local owner, since = string.match(value, '^(.+):(%d+)$')
  return owner or '', tonumber(since or '0')
end
local function latest(shard) return tonumber(redis.call('HGET', KEYS[2], shard) or '0') end
local mine, dead, unmoved = rows(2), rows(3), rows(3)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('SET', KEYS[3], ARGV[7], 'NX')
if ARGV[10] ~= '' and (redis.call('GET', KEYS[3]) ~= ARGV[10] or run ~= ARGV[11]) then
  redis.call('SET', KEYS[5], run)
end
redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[3])
if willing then redis.call('HSET', KEYS[1], worker, ARGV[2]) end
local live = redis.call('HLEN', KEYS[1])
for _, row in ipairs(dead) do
  if redis.call('HGET', KEYS[1], row[1]) == row[2] then
    live = live - 1
    if row[3] == '1' then redis.call('HDEL', KEYS[1], row[1]) end
  end
end

local held, kept, lost = {}, {}, {}
for _, row in ipairs(mine) do
  local shard, epoch = row[1], tonumber(row[2])
  local value = redis.call('GET', prefix .. shard) or ''
  local owner, theirs = parse(value)
  held[shard] = true
  -- What Redis has forgotten, or knows from before our time, is ours still if nobody had it since:
  -- that is sure only if we were never taken for dead, for it may have forgotten our heir as well.
  local ours = owner == worker and theirs == epoch
  local older = latest(shard) <= epoch and (owner == '' or theirs < epoch)
  if tonumber(shard) < shards and (ours or (steady and older and owner ~= worker)) then
    redis.call('SET', prefix .. shard, worker .. ':' .. row[2])
    redis.call('HSET', KEYS[2], shard, row[2])
    kept[#kept + 1] = shard
  else
    lost[#lost + 1] = shard
  end
end

local ripe, values, taken, epochs = {}, {}, {}, {}
for _, row in ipairs(unmoved) do ripe[row[1]] = row end
local share, count = math.ceil(shards / math.max(1, live)), #kept
for number = 0, shards - 1 do
  local shard = tostring(number)
  local value = redis.call('GET', prefix .. shard) or ''
  local owner, theirs, its_run = parse(value)
  local free, row = its_run == run, ripe[shard]
  if row and row[2] == value then
    local beat = redis.call('HGET', KEYS[1], owner) or ''
    free = free or owner == '' or owner == worker or beat == row[3]
  end
  if held[shard] then free = false end
  if free and willing and count < share then
    local least = math.max(latest(shard), theirs) + 1
    local epoch = string.format('%.0f', math.max(least, now, tonumber(ARGV[6])))
    value = worker .. ':' .. epoch
    redis.call('SET', prefix .. shard, value)
    redis.call('HSET', KEYS[2], shard, epoch)
    redis.call('SET', KEYS[6], shards)
    taken[#taken + 1], epochs[#epochs + 1] = shard, epoch
    count = count + 1
  elseif free and owner == worker then
    -- Ours though not held: the answer to an earlier round was lost. Nobody else can free it.
    value = string.format(':%.0f:%s', theirs, run)
    redis.call('SET', prefix .. shard, value)
  end
  values[number + 1] = value
end
return {live, redis.call('GET', KEYS[3]), run, kept, lost, taken, epochs, values,
        redis.call('HGETALL', KEYS[1]), redis.call('GET', KEYS[5]) or '', shards}
"""

# Make the next shards, each out of the one that its stations are in until then. Who makes one holds
# both; so nobody has ever to agree with anybody, and whoever dies in between leaves two leases.
# KEYS: number of shards, epochs.
# ARGV: worker, lease prefix, shards as this worker was told, shards wanted, then (shard, epoch) of
#       each lease held that may be divided.
# Returns a shard, its epoch, and so on.
DIVIDE = """
local worker, prefix = ARGV[1], ARGV[2]
local number, wanted = tonumber(ARGV[3]), tonumber(ARGV[4])
if tonumber(redis.call('GET', KEYS[1]) or '0') ~= number then return {} end
local held, made = {}, {}
for at = 5, #ARGV, 2 do held[ARGV[at]] = ARGV[at + 1] end
while number < wanted do
  local half = 1
  while half * 2 <= number do half = half * 2 end
  local parent, child = tostring(number - half), tostring(number)
  local epoch = held[parent]
  if not epoch or redis.call('GET', prefix .. parent) ~= worker .. ':' .. epoch then break end
  -- What is there of a shard of this number is of before Redis forgot how many there were.
  local value = redis.call('GET', prefix .. child) or ''
  local last = string.match(value, ':(%d+):%x+$') or string.match(value, ':(%d+)$')
  last = math.max(tonumber(last or '-1'), tonumber(redis.call('HGET', KEYS[2], child) or '-1'))
  epoch = string.format('%.0f', math.max(tonumber(epoch), last + 1))
  redis.call('SET', prefix .. child, worker .. ':' .. epoch)
  redis.call('HSET', KEYS[2], child, epoch)
  held[child], made[#made + 1], made[#made + 2] = epoch, child, epoch
  number = number + 1
  redis.call('SET', KEYS[1], number)
end
return made
"""

# Give up a lease only if it is still ours, and tell in which life of Redis: after a restart the
# mark may be older than a lease that Redis has lost. KEYS: lease; ARGV: lease value, epoch.
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
redis.call('SET', KEYS[1], ':' .. ARGV[2] .. ':' .. run)
return 1
"""
