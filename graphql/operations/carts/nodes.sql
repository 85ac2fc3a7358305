SELECT one_1.c0, one_1.c1, one_1.c2, one_1.c3, one_3.c4, one_3.c5, one_3.c6
FROM unnest($1::UUID[], $2::SMALLINT[]) WITH ORDINALITY AS places_0(key, kind, place)
LEFT OUTER JOIN LATERAL (SELECT cart_intent_1.id AS c0, cart_intent_1.status AS c1, one_2.c2, one_2.c3
FROM cart_intent AS cart_intent_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c2, product_2.id AS c3
FROM product AS product_2
WHERE product_2.brand_id = $3::UUID
AND product_2.brand_id = cart_intent_1.brand_id
AND product_2.id = cart_intent_1.product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE cart_intent_1.brand_id = $3::UUID
AND places_0.kind = 0
AND cart_intent_1.id = places_0.key
LIMIT ALL OFFSET 0) AS one_1 ON true
LEFT OUTER JOIN LATERAL (SELECT shoppable_tweet_3.id AS c4, shoppable_tweet_3.text AS c5, (SELECT count(*) AS count_1
FROM cart_intent AS cart_intent_4
WHERE cart_intent_4.brand_id = $3::UUID
AND cart_intent_4.brand_id = shoppable_tweet_3.brand_id
AND cart_intent_4.tweet_id = shoppable_tweet_3.id) AS c6
FROM shoppable_tweet AS shoppable_tweet_3
WHERE shoppable_tweet_3.brand_id = $3::UUID
AND places_0.kind = 1
AND shoppable_tweet_3.id = places_0.key
LIMIT ALL OFFSET 0) AS one_3 ON true
ORDER BY places_0.place
