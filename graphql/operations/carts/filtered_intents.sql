SELECT cart_intent_1.id AS c0, cart_intent_1.status AS c1, cart_intent_1.marketplace AS c2, cart_intent_1.received_at AS c3, CAST(cart_intent_1.received_at AS TEXT) AS c4
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND (cart_intent_1.status = $2::VARCHAR OR cart_intent_1.failure_reason IS NOT NULL)
AND (cart_intent_1.marketplace IS DISTINCT FROM $3::VARCHAR) IS NOT true
ORDER BY cart_intent_1.received_at ASC, cart_intent_1.id ASC
LIMIT $4::INTEGER
