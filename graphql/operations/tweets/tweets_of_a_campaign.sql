SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.campaign AS c1, CAST(shoppable_tweet_1.registered_at AS TEXT) AS c2, many_2.c3
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c3
FROM (SELECT cart_intent_2.status AS c0
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_2.tweet_id = shoppable_tweet_1.id
AND cart_intent_2.status = ANY ($2::TEXT[])
ORDER BY cart_intent_2.received_at DESC, cart_intent_2.id DESC
LIMIT $3::INTEGER) AS many_2_rows) AS many_2 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.status IS DISTINCT FROM $4::VARCHAR
ORDER BY shoppable_tweet_1.registered_at DESC, shoppable_tweet_1.id DESC
LIMIT $5::INTEGER
