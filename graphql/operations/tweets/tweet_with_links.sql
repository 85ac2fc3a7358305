SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.root_xid AS c1, shoppable_tweet_1.text AS c2, shoppable_tweet_1.status AS c3, CAST(shoppable_tweet_1.posted_at AS TEXT) AS c4, one_2.c5, many_4.c6, many_4.c7, many_4.c8, many_4.c9, many_4.c10, many_5.c11, many_5.c12
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c5
FROM product AS product_2
WHERE product_2.brand_id = $1::UUID
AND product_2.brand_id = shoppable_tweet_1.brand_id
AND product_2.id = shoppable_tweet_1.primary_product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_4_rows.c0) AS c6, array_agg(many_4_rows.c1) AS c7, array_agg(many_4_rows.c2) AS c8, array_agg(many_4_rows.c3) AS c9, array_agg(many_4_rows.c4) AS c10
FROM (SELECT tweet_link_3.url AS c0, tweet_link_3.verdict AS c1, one_4.c2, one_4.c3, one_4.c4
FROM tweet_link AS tweet_link_3
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c2, product_4.retailer_product_id AS c3, product_4.id AS c4
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.brand_id = tweet_link_3.brand_id
AND product_4.id = tweet_link_3.product_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE tweet_link_3.brand_id = $1::UUID
AND tweet_link_3.brand_id = shoppable_tweet_1.brand_id
AND tweet_link_3.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_link_3.position ASC, tweet_link_3.id ASC
LIMIT $2::INTEGER) AS many_4_rows) AS many_4 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_5_rows.c0) AS c11, array_agg(many_5_rows.c1) AS c12
FROM (SELECT cart_intent_5.id AS c0, cart_intent_5.status AS c1
FROM cart_intent AS cart_intent_5
WHERE cart_intent_5.brand_id = $1::UUID
AND cart_intent_5.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_5.tweet_id = shoppable_tweet_1.id
ORDER BY cart_intent_5.received_at DESC, cart_intent_5.id DESC
LIMIT $3::INTEGER) AS many_5_rows) AS many_5 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $4::UUID
