SELECT event_1.subject_type AS c0, event_1.seq AS c1, event_1.type AS c2
FROM event AS event_1
WHERE event_1.brand_id = $1::UUID
AND event_1.type = ANY ($2::TEXT[])
ORDER BY event_1.seq ASC
LIMIT $3::INTEGER
