-- Writes one batch of accepted tweets, at most once, and tells how things stand.
--
-- KEYS    live:countries, live:totals, live:recent, live:rate, the writer's own key, totals, live:sealed,
--         countries
-- ARGV    1  the batch as JSON:
--              number     of the batch in its writer's life from 1, 0 when nothing is in it
--              messages   {known, more}: what Redis said last, and what was accepted since
--              countries  [{name, known, more}, …]
--              tweets     [{id, texto, país, codigo, at}, …], oldest first
--              rate       [{second, accepted, processed}, …], oldest first; once a second
--         2  length that live:recent is trimmed to
--         3  length that live:rate is trimmed to
--         4  seconds after which the writer's key may go
-- Returns {messages, processed, {a count per country, in the order given}, length of live:recent before,
--          length of live:rate before (-1: not looked at), {name, processed, …} of all countries (once a
--          second, with the rate)}.
--
-- What others may look at, they may also change. So the counts are kept a second time, each with a seal, in
-- live:sealed; what has no valid seal is not believed, and the others are made from it.
local COUNTRIES, TOTALS, RECENT, RATE, WRITER, PROCESSED, SEALED, PROCESSED_COUNTRIES = unpack(KEYS)
local COUNTRY = 'country:'
-- Writers' clocks differ, but not by that much.
local FUTURE_SECONDS = 60
local batch = cjson.decode(ARGV[1])
local is_second_over = #batch.rate > 0

local function digits(count) return string.format('%.0f', count) end

local function number(text)
  local count = tonumber(text or 0)
  return count and count >= 0 and count < 2^53 and count or 0
end

local function sealed(name, count)
  return digits(count) .. ' ' .. string.sub(redis.sha1hex(name .. ' ' .. digits(count)), 1, 10)
end

local function unsealed(name, text)
  local count = number(string.match(text or '', '^(%d+) '))
  return text == sealed(name, count) and count or 0
end

local function free_from_other_types(key, wanted)
  local kind = redis.call('TYPE', key).ok
  if kind ~= wanted and kind ~= 'none' then redis.call('DEL', key) end
end

local function all(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- Where there are no sealed counts (yet, or any more), those that are shown are the best there is.
local function seal_what_is_shown()
  redis.call('HSET', SEALED, 'messages', sealed('messages', number(redis.call('HGET', TOTALS, 'messages'))))
  for name, text in pairs(all(COUNTRIES)) do
    redis.call('HSET', SEALED, COUNTRY .. name, sealed(COUNTRY .. name, number(text)))
  end
end

local function become(key, wanted)
  local stored = all(key)
  for field in pairs(stored) do
    if wanted[field] == nil then redis.call('HDEL', key, field) end
  end
  for field, text in pairs(wanted) do
    if stored[field] ~= text then redis.call('HSET', key, field, text) end
  end
end

local function show_what_is_sealed()
  local countries = {}
  for name, text in pairs(all(SEALED)) do
    local count = unsealed(name, text)
    if count == 0 and name ~= 'messages' then
      redis.call('HDEL', SEALED, name)
    elseif name ~= 'messages' then
      countries[string.sub(name, #COUNTRY + 1)] = digits(count)
    end
  end
  become(COUNTRIES, countries)
  become(TOTALS, {messages = digits(unsealed('messages', redis.call('HGET', SEALED, 'messages')))})
end

free_from_other_types(COUNTRIES, 'hash')
free_from_other_types(TOTALS, 'hash')
free_from_other_types(SEALED, 'hash')
free_from_other_types(RECENT, 'stream')
free_from_other_types(RATE, 'stream')
free_from_other_types(WRITER, 'string')
if redis.call('HEXISTS', SEALED, 'messages') == 0 then seal_what_is_shown() end

-- A batch whose answer was lost is sent again: what is in Redis already must not be counted twice.
local is_new = batch.number > unsealed(WRITER, redis.call('GET', WRITER))

-- Counts never go back: where Redis was wiped or restored, they start again from what was known.
local names = {'messages'}
local given = {batch.messages}
for i, country in ipairs(batch.countries) do
  names[i + 1] = COUNTRY .. country[1]
  given[i + 1] = {country[2], country[3]}
end
local stored = redis.call('HMGET', SEALED, unpack(names))
local counts, to_seal, to_show = {}, {}, {}
for i, name in ipairs(names) do
  local known, more = given[i][1], given[i][2]
  local value = math.max(unsealed(name, stored[i]), known)
  if is_new then value = value + more end
  counts[i] = value
  local seal = sealed(name, value)
  if stored[i] ~= seal then
    to_seal[#to_seal + 1] = name
    to_seal[#to_seal + 1] = seal
    if i > 1 then
      to_show[#to_show + 1] = batch.countries[i - 1][1]
      to_show[#to_show + 1] = digits(value)
    else
      redis.call('HSET', TOTALS, 'messages', digits(value))
    end
  end
end
if #to_seal > 0 then redis.call('HSET', SEALED, unpack(to_seal)) end
if #to_show > 0 then redis.call('HSET', COUNTRIES, unpack(to_show)) end

local recent_before = redis.call('XLEN', RECENT)
if is_new then
  for _, tweet in ipairs(batch.tweets) do
    redis.call('XADD', RECENT, 'MAXLEN', '~', ARGV[2], '*', 'id', tweet[1], 'texto', tweet[2],
      'país', tweet[3], 'codigo', tweet[4], 'at', tweet[5])
  end
  redis.call('SET', WRITER, sealed(WRITER, batch.number), 'EX', ARGV[4])
end

local rate_before = -1
if is_second_over then
  show_what_is_sealed()
  local last = redis.call('XREVRANGE', RATE, '+', '-', 'COUNT', 1)[1]
  if last and number(string.match(last[1], '^%d+')) / 1000 > batch.rate[1][1] + FUTURE_SECONDS then
    -- Nothing could be added behind it.
    redis.call('DEL', RATE)
  end
  rate_before = redis.call('XLEN', RATE)
end
for _, entry in ipairs(batch.rate) do
  -- The id is the second: of several writers the first to tell of a second is heard, the others are refused.
  redis.pcall('XADD', RATE, 'MAXLEN', '~', ARGV[3], entry[1] .. '000-0', 'accepted', entry[2], 'processed', entry[3])
end

local totals = redis.pcall('HMGET', PROCESSED, 'messages', 'repeats')
local processed = number(totals[1]) + number(totals[2])
local by_country = is_second_over and redis.pcall('HGETALL', PROCESSED_COUNTRIES) or {}
if by_country.err then by_country = {} end
local messages = table.remove(counts, 1)
return {messages, processed, counts, recent_before, rate_before, by_country}
