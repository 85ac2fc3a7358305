SELECT shoppable_tweet_1.posted_at AS c0, shoppable_tweet_1.id AS c1, shoppable_tweet_1.text AS c2, one_2.c3, one_2.c4, one_2.c5, many_3.c6, many_3.c7
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c3, product_2.price_amount_minor AS c4, product_2.id AS c5
FROM product AS product_2
WHERE product_2.brand_id = $1::UUID
AND product_2.brand_id = shoppable_tweet_1.brand_id
AND product_2.id = shoppable_tweet_1.primary_product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c6, array_agg(many_3_rows.c1) AS c7
FROM (SELECT groups_3.rows_counted AS c0, groups_3.status AS c1
FROM (SELECT cart_intent_3.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_3
WHERE cart_intent_3.brand_id = $1::UUID
AND cart_intent_3.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_3.tweet_id = shoppable_tweet_1.id GROUP BY cart_intent_3.status) AS groups_3
ORDER BY groups_3.rows_counted DESC, groups_3.status) AS many_3_rows) AS many_3 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.status = $2::VARCHAR
AND shoppable_tweet_1.posted_at >= $3::TIMESTAMP WITH TIME ZONE
ORDER BY shoppable_tweet_1.posted_at DESC, shoppable_tweet_1.id DESC
LIMIT $4::INTEGER
