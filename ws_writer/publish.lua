-- Writes one batch of accepted tweets, at most once, and tells how things stand.
--
-- KEYS    live:countries, live:totals, live:recent, live:rate, the writer's own key, totals
-- ARGV    1  the batch as JSON:
--              number     of the batch in its writer's life from 1, 0 when nothing is in it
--              messages   {known, more}: what Redis said last, and what was accepted since
--              countries  [{name, known, more}, …]
--              tweets     [{id, texto, país, codigo, at}, …], oldest first
--              rate       [{second, accepted, processed}, …], oldest first
--         2  length that live:recent is trimmed to
--         3  length that live:rate is trimmed to
--         4  seconds after which the writer's key may go
-- Returns {messages, processed, {a count per country, in the order given}}.
local batch = cjson.decode(ARGV[1])
local written = tonumber(redis.call('GET', KEYS[5]) or '0')
-- A batch whose answer was lost is sent again: what is in Redis already must not be counted twice.
local is_new = batch.number > written

-- Counts never go back: where Redis was wiped or restored, they start again from what was known.
local function count(key, field, known, more)
  local stored = tonumber(redis.call('HGET', key, field) or '0') or 0
  local value = math.max(stored, known)
  if is_new then value = value + more end
  if value ~= stored then redis.call('HSET', key, field, value) end
  return value
end

local messages = count(KEYS[2], 'messages', batch.messages[1], batch.messages[2])
local countries = {}
for i, country in ipairs(batch.countries) do
  countries[i] = count(KEYS[1], country[1], country[2], country[3])
end

if is_new then
  for _, tweet in ipairs(batch.tweets) do
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'id', tweet[1], 'texto', tweet[2],
      'país', tweet[3], 'codigo', tweet[4], 'at', tweet[5])
  end
  redis.call('SET', KEYS[5], batch.number, 'EX', ARGV[4])
end

for _, entry in ipairs(batch.rate) do
  -- The id is the second: of several writers the first to tell of a second is heard, the others are refused.
  redis.pcall('XADD', KEYS[4], 'MAXLEN', '~', ARGV[3], entry[1] .. '000-0', 'accepted', entry[2], 'processed', entry[3])
end

return {messages, tonumber(redis.call('HGET', KEYS[6], 'messages') or '0') or 0, countries}
