SELECT cart_intent_1.id AS c0, cart_intent_1.status AS c1, cart_intent_1.failure_reason AS c2, cart_intent_1.failure_retryable AS c3, cart_intent_1.received_at AS c4
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND cart_intent_1.status = ANY ($2::TEXT[])
AND cart_intent_1.received_at >= $3::TIMESTAMP WITH TIME ZONE
ORDER BY cart_intent_1.received_at ASC, cart_intent_1.id ASC
LIMIT $4::INTEGER
