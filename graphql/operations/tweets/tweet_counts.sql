SELECT page.c0, page.c1, page.c2, page.c3, page.c4, page.c5, page.c6, counted.rows_counted AS c7
FROM (SELECT (SELECT count(*) AS count_1
FROM shoppable_tweet AS shoppable_tweet_5
WHERE shoppable_tweet_5.brand_id = $1::UUID) AS rows_counted) AS counted
LEFT OUTER JOIN (SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.text AS c1, many_2.c2, many_2.c3, many_3.c4, many_3.c5, (SELECT count(*) AS count_2
FROM engagement AS engagement_4
WHERE engagement_4.brand_id = $1::UUID
AND engagement_4.brand_id = shoppable_tweet_1.brand_id
AND engagement_4.tweet_id = shoppable_tweet_1.id) AS c6
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c2, array_agg(many_2_rows.c1) AS c3
FROM (SELECT groups_2.rows_counted AS c0, groups_2.status AS c1
FROM (SELECT cart_intent_2.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_2.tweet_id = shoppable_tweet_1.id GROUP BY cart_intent_2.status) AS groups_2
ORDER BY groups_2.rows_counted DESC, groups_2.status) AS many_2_rows) AS many_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c4, array_agg(many_3_rows.c1) AS c5
FROM (SELECT groups_3.rows_counted AS c0, groups_3.status AS c1
FROM (SELECT cart_intent_3.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_3
WHERE cart_intent_3.brand_id = $1::UUID
AND cart_intent_3.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_3.tweet_id = shoppable_tweet_1.id
AND cart_intent_3.answered_at IS NOT NULL GROUP BY cart_intent_3.status) AS groups_3
ORDER BY groups_3.rows_counted DESC, groups_3.status) AS many_3_rows) AS many_3 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
ORDER BY shoppable_tweet_1.posted_at DESC, shoppable_tweet_1.id DESC
LIMIT $2::INTEGER) AS page ON true
