SELECT shoppable_tweet_1.id AS c0, shoppable_tweet_1.text AS c1, many_2.c2, many_2.c3, many_2.c4, many_3.c5
FROM shoppable_tweet AS shoppable_tweet_1
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_2_rows.c0) AS c2, array_agg(many_2_rows.c1) AS c3, array_agg(many_2_rows.c2) AS c4
FROM (SELECT tweet_link_2.url AS c0, tweet_link_2.position AS c1, tweet_link_2.id AS c2
FROM tweet_link AS tweet_link_2
WHERE tweet_link_2.brand_id = $1::UUID
AND tweet_link_2.brand_id = shoppable_tweet_1.brand_id
AND tweet_link_2.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_link_2.position ASC, tweet_link_2.id ASC
LIMIT $2::INTEGER) AS many_2_rows) AS many_2 ON true
LEFT OUTER JOIN LATERAL (SELECT array_agg(many_3_rows.c0) AS c5
FROM (SELECT tweet_version_3.xid AS c0
FROM tweet_version AS tweet_version_3
WHERE tweet_version_3.brand_id = $1::UUID
AND tweet_version_3.brand_id = shoppable_tweet_1.brand_id
AND tweet_version_3.tweet_id = shoppable_tweet_1.id
ORDER BY tweet_version_3.xid ASC, tweet_version_3.id ASC
LIMIT $3::INTEGER) AS many_3_rows) AS many_3 ON true
WHERE shoppable_tweet_1.brand_id = $1::UUID
ORDER BY shoppable_tweet_1.posted_at DESC, shoppable_tweet_1.id DESC
LIMIT $4::INTEGER
