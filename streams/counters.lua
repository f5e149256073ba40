-- Raises the counters of one partition, and adds exactly what was raised to the sums over all partitions.
--
-- KEYS: the partition's hash, the countries' hash, the totals' hash.
-- ARGV: pairs of a field of the partition's hash and its absolute count.
--
-- Counts only grow. A late, repeated or stale writer brings counts that are there already and changes nothing,
-- so no offset guards the script: one would keep the whole tally, published later, from adding what a
-- smaller publication had left out.
local prefix = 'country:'
for i = 1, #ARGV, 2 do
  local field, count = ARGV[i], tonumber(ARGV[i + 1])
  local raised = count - tonumber(redis.call('HGET', KEYS[1], field) or 0)
  if raised > 0 then
    redis.call('HSET', KEYS[1], field, ARGV[i + 1])
    if string.sub(field, 1, #prefix) == prefix then
      redis.call('HINCRBY', KEYS[2], string.sub(field, #prefix + 1), raised)
    else
      redis.call('HINCRBY', KEYS[3], field, raised)
    end
  end
end
