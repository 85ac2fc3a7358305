SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.root_xid AS c1, shoppable_tweet_1.text AS c2, shoppable_tweet_1.status AS c3, shoppable_tweet_1.posted_at AS c4, one_2.c5, one_2.c6, array((SELECT row(tweet_link_3.url, tweet_link_3.verdict, one_4.c2, one_4.c3, one_4.c4) AS row_1
FROM tweet_link AS tweet_link_3
LEFT OUTER JOIN LATERAL (SELECT product_4.title AS c2, product_4.retailer_product_id AS c3, true AS c4
FROM product AS product_4
WHERE product_4.brand_id = $1::UUID
AND product_4.brand_id = tweet_link_3.brand_id
AND product_4.id = tweet_link_3.product_id
LIMIT ALL OFFSET 0) AS one_4 ON true
WHERE tweet_link_3.brand_id = $1::UUID
AND tweet_link_3.brand_id = shoppable_tweet_1.brand_id
AND tweet_link_3.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_link_3.position ASC, tweet_link_3.id ASC
LIMIT $2::INTEGER)) AS c7, array((SELECT row(cart_intent_5.id, cart_intent_5.status) AS row_2
FROM cart_intent AS cart_intent_5
WHERE cart_intent_5.brand_id = $1::UUID
AND cart_intent_5.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_5.tweet_id = shoppable_tweet_1.id
ORDER BY cart_intent_5.received_at DESC, cart_intent_5.id DESC
LIMIT $3::INTEGER)) AS c8
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c5, true AS c6
FROM product AS product_2
WHERE product_2.brand_id = $1::UUID
AND product_2.brand_id = shoppable_tweet_1.brand_id
AND product_2.id = shoppable_tweet_1.primary_product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $4::UUID
