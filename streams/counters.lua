-- Publishes the counters of partitions, and keeps the sums over all partitions right.
--
-- KEYS: the hash of countries, of totals, of the countries' codes, and of each partition that is published.
-- ARGV: 1  a JSON array with an object for each of these partitions. As one argument, because clients spend more
--          on five hundred arguments than we on this.
--            epoch, offset  how far the partition was counted
--            whole          whether these are all counts of the partition, or some
--            counts         absolute counts by field of the partition's hash
--       2  the prefix of the partitions' keys, which their numbers follow
--       3  how many partitions there are
--       4  the codes of countries by name, as JSON; needed where anything is whole
--       5  for how many seconds a hash is guarded against writers that are behind it
--
-- Some counts, those that a batch changed, raise the partition's hash where they are higher, and what was raised
-- is added to the sums. Late, repeated and stale writers change nothing by that.
--
-- All counts replace the hash, and the sums are then made anew from the hashes of all partitions. So whatever
-- somebody deleted, lowered, raised, or put in the place of a key, is right again. Only a writer that is behind
-- what the hash has must not replace it: somebody else has the partition now. That is believed for as long as
-- the other one is heard, since a position can be wrong, too (edited, or of a table that was lost).
local COUNTRIES, TOTALS, CODES = KEYS[1], KEYS[2], KEYS[3]
local COUNTRY, POSITION = 'country:', 'position'
local publications, prefix, partitions = cjson.decode(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local guarded_seconds = tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000

local function digits(count) return string.format('%.0f', count) end

-- What is no count (somebody's text, an infinity) counts as none.
local function number(text)
  local count = tonumber(text or 0)
  return count and count >= 0 and count < 2^53 and count or 0
end

local function free_from_other_types(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', key) end
end

local function is_behind(publication, stored)
  local epoch, offset, at = string.match(stored or '', '^(%d+) (-?%d+) ([%d.]+)$')
  local age = epoch and now - tonumber(at)
  if not epoch or age < 0 or age >= guarded_seconds then return false end
  epoch, offset = tonumber(epoch), tonumber(offset)
  return publication.epoch < epoch or (publication.epoch == epoch and publication.offset < offset)
end

local function position(publication)
  return string.format('%.0f %.0f %.3f', publication.epoch, publication.offset, now)
end

local function add(key, field, more)
  if type(redis.pcall('HINCRBY', key, field, more)) == 'table' then
    -- No hash, or no number. The next whole publication has the right one.
    free_from_other_types(key)
    redis.call('HSET', key, field, digits(more))
  end
end

local function raise(key, publication)
  local fields = {POSITION}
  for field in pairs(publication.counts) do fields[#fields + 1] = field end
  local stored = redis.call('HMGET', key, unpack(fields))
  if is_behind(publication, stored[1]) then return end
  local raised = {POSITION, position(publication)}
  local sums = {}
  for i = 2, #fields do
    local field = fields[i]
    local count = publication.counts[field]
    local more = count - number(stored[i])
    if more > 0 then
      raised[#raised + 1] = field
      raised[#raised + 1] = digits(count)
      sums[field] = more
    end
  end
  redis.call('HSET', key, unpack(raised))
  for field, more in pairs(sums) do
    if string.sub(field, 1, #COUNTRY) == COUNTRY then
      add(COUNTRIES, string.sub(field, #COUNTRY + 1), more)
    else
      add(TOTALS, field, more)
    end
  end
end

local function all(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- Writes what differs only: mostly nothing does.
local function become(key, wanted)
  free_from_other_types(key)
  local stored = all(key)
  for field in pairs(stored) do
    if wanted[field] == nil then redis.call('HDEL', key, field) end
  end
  for field, text in pairs(wanted) do
    if stored[field] ~= text then redis.call('HSET', key, field, text) end
  end
end

local function replace(key, publication)
  if is_behind(publication, redis.call('HGET', key, POSITION)) then return end
  local wanted = {[POSITION] = position(publication)}
  for field, count in pairs(publication.counts) do
    if count > 0 then wanted[field] = digits(count) end
  end
  become(key, wanted)
end

local function sum_up()
  local sums = {[COUNTRIES] = {}, [TOTALS] = {}}
  local partition = 0
  -- Beyond those there are, there may be those of a topic's earlier life.
  while partition < partitions or redis.call('EXISTS', prefix .. partition) == 1 do
    free_from_other_types(prefix .. partition)
    for field, text in pairs(all(prefix .. partition)) do
      local sum = sums[TOTALS]
      if string.sub(field, 1, #COUNTRY) == COUNTRY then
        sum, field = sums[COUNTRIES], string.sub(field, #COUNTRY + 1)
      end
      local count = field ~= POSITION and number(text) or 0
      if count > 0 then sum[field] = (sum[field] or 0) + count end
    end
    partition = partition + 1
  end
  for key, sum in pairs(sums) do
    for field, count in pairs(sum) do sum[field] = digits(count) end
    become(key, sum)
  end
end

local any_whole = false
for i, publication in ipairs(publications) do
  local key = KEYS[i + 3]
  free_from_other_types(key)
  if publication.whole then
    any_whole = true
    replace(key, publication)
  else
    raise(key, publication)
  end
end
if any_whole then
  sum_up()
  become(CODES, cjson.decode(ARGV[4]))
end
