SELECT cart_intent_1.received_at AS c0, cart_intent_1.id AS c1, cart_intent_1.engagement_xid AS c2
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND (cart_intent_1.received_at, cart_intent_1.id) < ($2::TIMESTAMP WITH TIME ZONE, $3::UUID)
ORDER BY cart_intent_1.received_at DESC, cart_intent_1.id DESC
LIMIT $4::INTEGER
