SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.status AS c1
FROM shoppable_tweet AS shoppable_tweet_1
WHERE shoppable_tweet_1.brand_id = $1::UUID
AND shoppable_tweet_1.id = $2::UUID
