SELECT cart_intent_1.id AS c0, cart_intent_1.status AS c1, cart_intent_1.hand_off_url AS c2, one_2.c3
FROM cart_intent AS cart_intent_1
LEFT OUTER JOIN LATERAL (SELECT cart_intent_2.id AS c3
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = cart_intent_1.brand_id
AND cart_intent_2.id = cart_intent_1.previous_intent_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE cart_intent_1.brand_id = $1::UUID
AND cart_intent_1.id = $2::UUID
