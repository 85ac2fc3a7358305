SELECT cart_intent_1.id AS c0, cart_intent_1.status AS c1
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND cart_intent_1.id = $2::UUID
