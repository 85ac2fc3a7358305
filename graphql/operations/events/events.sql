SELECT event_1.seq AS c0, event_1.subject_type AS c1, event_1.id AS c2, event_1.type AS c3, event_1.actor_kind AS c4, event_1.actor_id AS c5, CAST(event_1.data AS TEXT) AS c6, CAST(event_1.occurred_at AS TEXT) AS c7, one_2.c8, one_2.c9
FROM event AS event_1
LEFT OUTER JOIN LATERAL (SELECT cart_intent_2.status AS c8, cart_intent_2.id AS c9
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = event_1.brand_id
AND cart_intent_2.id = event_1.subject_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE event_1.brand_id = $1::UUID
ORDER BY event_1.seq ASC
LIMIT $2::INTEGER
