SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.text AS c1, array((SELECT row(tweet_link_2.url, tweet_link_2.position, tweet_link_2.id) AS row_1
FROM tweet_link AS tweet_link_2
WHERE tweet_link_2.brand_id = $1::UUID
AND tweet_link_2.brand_id = shoppable_tweet_1.brand_id
AND tweet_link_2.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_link_2.position ASC, tweet_link_2.id ASC
LIMIT $2::INTEGER)) AS c2, array((SELECT row(tweet_version_3.xid) AS row_2
FROM tweet_version AS tweet_version_3
WHERE tweet_version_3.brand_id = $1::UUID
AND tweet_version_3.brand_id = shoppable_tweet_1.brand_id
AND tweet_version_3.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_version_3.xid ASC, tweet_version_3.id ASC
LIMIT $3::INTEGER)) AS c3
FROM shoppable_tweet AS shoppable_tweet_1
WHERE shoppable_tweet_1.brand_id = $1::UUID
ORDER BY shoppable_tweet_1.posted_at DESC, shoppable_tweet_1.id DESC
LIMIT $4::INTEGER
