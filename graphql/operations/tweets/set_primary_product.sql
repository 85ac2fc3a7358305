SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.status AS c1, one_2.c2
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT product_2.title AS c2
FROM product AS product_2
WHERE product_2.brand_id = $1::UUID
AND product_2.brand_id = shoppable_tweet_1.brand_id
AND product_2.id = shoppable_tweet_1.primary_product_id
LIMIT ALL OFFSET 0) AS one_2 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $2::UUID
