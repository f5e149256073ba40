-- Raises the counters of partitions, and adds exactly what was raised to the sums over all partitions.
--
-- KEYS: the countries' hash, the totals' hash, and the hash of each partition.
-- ARGV: one JSON array with an object for each partition, the absolute counts by field of its hash. As one
-- argument, because clients spend more on five hundred arguments than we on this.
--
-- Counts only grow. A late, repeated or stale writer brings counts that are there already and changes nothing,
-- so no offset guards the script: one would keep the whole tally, published later, from adding what a
-- smaller publication had left out.
local prefix = 'country:'
for i, counts in ipairs(cjson.decode(ARGV[1])) do
  local partition = KEYS[i + 2]
  for field, count in pairs(counts) do
    local raised = count - tonumber(redis.call('HGET', partition, field) or 0)
    if raised > 0 then
      redis.call('HSET', partition, field, string.format('%.0f', count))
      if string.sub(field, 1, #prefix) == prefix then
        redis.call('HINCRBY', KEYS[1], string.sub(field, #prefix + 1), raised)
      else
        redis.call('HINCRBY', KEYS[2], field, raised)
      end
    end
  end
end
