-- Raises the counters of partitions, and adds exactly what was raised to the sums over all partitions.
--
-- KEYS: the countries' hash, the totals' hash, and the hash of each partition.
-- ARGV: of each partition the number of its arguments, and these: pairs of a field of its hash and the
-- field's absolute count.
--
-- Counts only grow. A late, repeated or stale writer brings counts that are there already and changes nothing,
-- so no offset guards the script: one would keep the whole tally, published later, from adding what a
-- smaller publication had left out.
local prefix = 'country:'
local last = 0
for k = 3, #KEYS do
  local first = last + 2
  last = last + 1 + tonumber(ARGV[last + 1])
  for i = first, last, 2 do
    local field, count = ARGV[i], tonumber(ARGV[i + 1])
    local raised = count - tonumber(redis.call('HGET', KEYS[k], field) or 0)
    if raised > 0 then
      redis.call('HSET', KEYS[k], field, ARGV[i + 1])
      if string.sub(field, 1, #prefix) == prefix then
        redis.call('HINCRBY', KEYS[1], string.sub(field, #prefix + 1), raised)
      else
        redis.call('HINCRBY', KEYS[2], field, raised)
      end
    end
  end
end
