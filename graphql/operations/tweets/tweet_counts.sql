SELECT array((SELECT row(shoppable_tweet_1.id, shoppable_tweet_1.text, array((SELECT row(groups_2.rows_counted, groups_2.status)
FROM (SELECT cart_intent_2.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_2
WHERE cart_intent_2.brand_id = $1::UUID
AND cart_intent_2.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_2.tweet_id = shoppable_tweet_1.id GROUP BY cart_intent_2.status) AS groups_2
ORDER BY groups_2.rows_counted DESC, groups_2.status)), array((SELECT row(groups_3.rows_counted, groups_3.status)
FROM (SELECT cart_intent_3.status AS status, count(*) AS rows_counted
FROM cart_intent AS cart_intent_3
WHERE cart_intent_3.brand_id = $1::UUID
AND cart_intent_3.brand_id = shoppable_tweet_1.brand_id
AND cart_intent_3.tweet_id = shoppable_tweet_1.id
AND cart_intent_3.answered_at IS NOT NULL GROUP BY cart_intent_3.status) AS groups_3
ORDER BY groups_3.rows_counted DESC, groups_3.status)), (SELECT count(*) AS count_1
FROM engagement AS engagement_4
WHERE engagement_4.brand_id = $1::UUID
AND engagement_4.brand_id = shoppable_tweet_1.brand_id
AND engagement_4.tweet_id = shoppable_tweet_1.id)) AS row_1
FROM shoppable_tweet AS shoppable_tweet_1
WHERE shoppable_tweet_1.brand_id = $1::UUID
ORDER BY shoppable_tweet_1.posted_at DESC, shoppable_tweet_1.id DESC
LIMIT $2::INTEGER)) AS root_0, (SELECT count(*) AS count_2
FROM shoppable_tweet AS shoppable_tweet_5
WHERE shoppable_tweet_5.brand_id = $1::UUID) AS root_1
