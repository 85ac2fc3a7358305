SELECT event_1.seq AS c0, event_1.type AS c1, CAST(event_1.data AS TEXT) AS c2, CAST(event_1.occurred_at AS TEXT) AS c3
FROM event AS event_1
WHERE event_1.brand_id = $1::UUID
AND event_1.seq > $2::BIGINT
AND event_1.seq <= $3::BIGINT
AND (event_1.type = $4::VARCHAR OR event_1.type = $5::VARCHAR)
ORDER BY event_1.seq ASC
LIMIT $6::INTEGER
