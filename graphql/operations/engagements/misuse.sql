SELECT engagement_1.id AS c0, engagement_1.xid AS c1, engagement_1.kind AS c2, engagement_1.trigger_match AS c3, engagement_1.misuse_reason AS c4, CAST(engagement_1.occurred_at AS TEXT) AS c5, one_2.c6, one_3.c7, one_3.c8
FROM engagement AS engagement_1
LEFT OUTER JOIN LATERAL (SELECT shopper_2.id AS c6
FROM shopper AS shopper_2
WHERE shopper_2.brand_id = $1::UUID
AND shopper_2.brand_id = engagement_1.brand_id
AND shopper_2.id = engagement_1.shopper_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT shoppable_tweet_3.root_xid AS c7, shoppable_tweet_3.id AS c8
FROM shoppable_tweet AS shoppable_tweet_3
WHERE shoppable_tweet_3.brand_id = $1::UUID
AND shoppable_tweet_3.brand_id = engagement_1.brand_id
AND shoppable_tweet_3.id = engagement_1.tweet_id
LIMIT ALL OFFSET 0) AS one_3 ON true
WHERE engagement_1.brand_id = $1::UUID
ORDER BY engagement_1.occurred_at DESC, engagement_1.id DESC
LIMIT $2::INTEGER
