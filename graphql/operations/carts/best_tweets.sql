SELECT groups_1.rows_counted AS c0, groups_1.quantity AS c1, groups_1.offered AS c2, one_2.c3, one_2.c4, one_3.c5
FROM (SELECT by_currency.tweet_id AS tweet_id, by_currency.product_id AS product_id, by_currency.brand_id AS brand_id, CAST(coalesce(sum(by_currency.rows_counted), 0) AS BIGINT) AS rows_counted, CAST(coalesce(sum(by_currency.quantity), 0) AS BIGINT) AS quantity, array_agg(row(CAST(by_currency.amount_of_rows AS BIGINT), by_currency.currency_of_rows)
ORDER BY by_currency.currency_of_rows) FILTER (WHERE by_currency.currency_of_rows IS NOT NULL) AS offered
FROM (SELECT cart_intent_1.tweet_id AS tweet_id, cart_intent_1.product_id AS product_id, cart_intent_1.brand_id AS brand_id, cart_intent_1.offer_currency AS currency_of_rows, count(*) AS rows_counted, CAST(coalesce(sum(cart_intent_1.quantity), 0) AS BIGINT) AS quantity, sum(CAST(cart_intent_1.offer_amount_minor AS BIGINT) * cart_intent_1.quantity) AS amount_of_rows
FROM cart_intent AS cart_intent_1
WHERE cart_intent_1.brand_id = $1::UUID
AND (cart_intent_1.status = $2::VARCHAR OR cart_intent_1.status = $3::VARCHAR) GROUP BY cart_intent_1.tweet_id, cart_intent_1.product_id, cart_intent_1.brand_id, cart_intent_1.offer_currency) AS by_currency GROUP BY by_currency.tweet_id, by_currency.product_id, by_currency.brand_id) AS groups_1
LEFT OUTER JOIN LATERAL (SELECT shoppable_tweet_2.id AS c3, shoppable_tweet_2.text AS c4
FROM shoppable_tweet AS shoppable_tweet_2
WHERE shoppable_tweet_2.brand_id = $1::UUID
AND shoppable_tweet_2.brand_id = groups_1.brand_id
AND shoppable_tweet_2.id = groups_1.tweet_id
LIMIT ALL OFFSET 0) AS one_2 ON true
LEFT OUTER JOIN LATERAL (SELECT product_3.title AS c5
FROM product AS product_3
WHERE product_3.brand_id = $1::UUID
AND product_3.brand_id = groups_1.brand_id
AND product_3.id = groups_1.product_id
LIMIT ALL OFFSET 0) AS one_3 ON true
ORDER BY groups_1.rows_counted DESC, groups_1.tweet_id, groups_1.product_id
LIMIT $4::INTEGER
