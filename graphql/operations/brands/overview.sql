SELECT root_1.c0, array((SELECT row(cart_intent_2.id, cart_intent_2.status, cart_intent_2.failure_reason)
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
ORDER BY cart_intent_2.received_at DESC, cart_intent_2.id DESC
LIMIT $2::INTEGER)) AS c1, array((SELECT row(cart_intent_3.id, cart_intent_3.status, cart_intent_3.failure_reason)
FROM cart_intent AS cart_intent_3
WHERE cart_intent_3.brand_id = $1::UUID
ORDER BY cart_intent_3.received_at ASC, cart_intent_3.id ASC
LIMIT $3::INTEGER)) AS c2, root_2.c3
FROM (SELECT 1) AS once
LEFT OUTER JOIN LATERAL (SELECT brand_1.name AS c0
FROM brand AS brand_1
WHERE brand_1.id = $1::UUID) AS root_1 ON true
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c3
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.id = $4::UUID) AS root_2 ON true
