SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.status AS c1, many_2.c2, many_2.c3, many_3.c4, (SELECT count(*) AS count_1
FROM cart_intent AS cart_intent_4
WHERE cart_intent_4.brand_id = $1::UUID
AND cart_intent_4.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_4.tweet_id = shoppable_tweet_1.id
AND cart_intent_4.status = ANY ($2::TEXT[])) AS c5
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c2, array_agg(many_2_rows.c1) AS c3
FROM (SELECT groups_2.rows_counted AS c0, groups_2.status AS c1
FROM (SELECT cart_intent_2.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_2.tweet_id = shoppable_tweet_1.id GROUP BY cart_intent_2.status) AS groups_2
ORDER BY groups_2.rows_counted DESC, groups_2.status) AS many_2_rows) AS many_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c4
FROM (SELECT cart_intent_3.id AS c0
FROM cart_intent AS cart_intent_3
WHERE cart_intent_3.brand_id = $1::UUID
AND cart_intent_3.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_3.tweet_id = shoppable_tweet_1.id
AND cart_intent_3.status = ANY ($2::TEXT[])
ORDER BY cart_intent_3.received_at DESC, cart_intent_3.id DESC
LIMIT $3::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $4::UUID
