SELECT cart_intent_1.received_at AS c0, cart_intent_1.id AS c1, cart_intent_1.status AS c2, cart_intent_1.repeat_count AS c3, cart_intent_1.failure_reason AS c4, cart_intent_1.failure_retryable AS c5, cart_intent_1.failure_detail AS c6, cart_intent_1.offer_amount_minor AS c7, cart_intent_1.offer_currency AS c8, CAST(cart_intent_1.updated_at AS TEXT) AS c9, CAST(cart_intent_1.answered_at AS TEXT) AS c10, one_2.c11, one_3.c12, one_3.c13, one_4.c14, one_4.c15
FROM cart_intent AS cart_intent_1
LEFT OUTER JOIN LATERAL (SELECT shopper_2.id AS c11
FROM shopper AS shopper_2
WHERE shopper_2.brand_id = $1::UUID
AND shopper_2.brand_id = cart_intent_1.brand_id
AND shopper_2.id = cart_intent_1.shopper_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT shoppable_tweet_3.id AS c12, shoppable_tweet_3.text AS c13
FROM shoppable_tweet AS shoppable_tweet_3
WHERE shoppable_tweet_3.brand_id = $1::UUID
AND shoppable_tweet_3.brand_id = cart_intent_1.brand_id
AND shoppable_tweet_3.id = cart_intent_1.tweet_id
LIMIT ALL OFFSET 0) AS one_3 ON true
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c14, product_4.id AS c15
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.brand_id = cart_intent_1.brand_id
AND product_4.id = cart_intent_1.product_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE cart_intent_1.brand_id = $1::UUID
ORDER BY cart_intent_1.received_at DESC, cart_intent_1.id DESC
LIMIT $2::INTEGER
