SELECT shoppable_tweet_1.root_xid AS c0, shoppable_tweet_1.authored_by_brand AS c1, shoppable_tweet_1.status AS c2, shoppable_tweet_1.campaign AS c3, one_2.c4, many_3.c5, many_3.c6
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c4
FROM product AS product_2
WHERE product_2.brand_id = $1::UUID
AND product_2.brand_id = shoppable_tweet_1.brand_id
AND product_2.id = shoppable_tweet_1.primary_product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c5, array_agg(many_3_rows.c1) AS c6
FROM (SELECT tweet_link_3.url AS c0, tweet_link_3.verdict AS c1
FROM tweet_link AS tweet_link_3
WHERE tweet_link_3.brand_id = $1::UUID
AND tweet_link_3.brand_id = shoppable_tweet_1.brand_id
AND tweet_link_3.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_link_3.position ASC, tweet_link_3.id ASC
LIMIT $2::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $3::UUID
